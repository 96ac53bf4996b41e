import { type Store, WORD_BASES, type WordBasis } from "../store";
import { stepLabel } from "../words";
import { Mark } from "./CompareBar";
import { Select } from "./Select";

const BASES: Record<WordBasis, string> = {
  none: "not shown",
  reference: "from the closest reference",
  A: "from A to B",
};

/** Steps of particular use, by what they are. */
function likelySteps(store: Store): [string, number][] {
  const { other, steps } = store.comparison;
  const here = store.step.value;
  const all = steps.value;
  const [first] = all;
  const last = all.at(-1);
  if (first === undefined || last === undefined || here === null) return [];
  if (other.value !== null) return all.includes(here) ? [["same step", here], ["last step", last]] : [["last step", last]];
  const before = all[all.indexOf(here) - 1];
  return before === undefined ? [["first step", first]] : [["first step", first], ["previous step", before]];
}

export function CompareMenu({ store }: { store: Store }) {
  const { comparison } = store;
  const { other, steps, epochs, step } = comparison;
  const hasText = store.pack.value !== null && store.pack.value.reply.questions.length > 0;
  if (steps.value.length === 0 || (other.value === null && steps.value.length < 2 && !hasText)) return null;
  const likely = likelySteps(store);
  return (
    <div class="ew-menu-row" data-testid="compare-menu">
      <span class="ew-menu-title">Compare with</span>
      <Select
        label={other.value === null ? "Second step" : `Step of ${other.value.name}`}
        testid="compare-step"
        title="A second step beside the one in sight (C)"
        value={step.value === null ? "" : `step ${step.value}`}
        choose={(value) => comparison.choose(value === "" ? null : Number(value.split(" ").at(-1)))}
      >
        <option value="">none</option>
        {likely.map(([words, at]) => (
          <option key={words} value={`${words} ${at}`}>
            {words} ({at})
          </option>
        ))}
        <optgroup label={other.value === null ? "steps" : `steps of ${other.value.name}`}>
          {steps.value.map((at, place) => (
            <option key={at} value={`step ${at}`}>
              {stepLabel({ steps: steps.value, epochs: epochs.value }, place)}
            </option>
          ))}
        </optgroup>
      </Select>
      {hasText && (
        <>
          <span class="ew-menu-title">Word differences</span>
          <Select
            label="Word differences"
            testid="word-basis"
            title="Words lost and added (W)"
            value={store.wordBasis.value}
            choose={(value) => {
              store.wordBasis.value = value as WordBasis;
            }}
          >
            {WORD_BASES.filter((basis) => basis !== "A" || comparison.on.value).map((basis) => (
              <option key={basis} value={basis}>
                {BASES[basis]}
              </option>
            ))}
          </Select>
        </>
      )}
    </div>
  );
}

/** A second handle on the track of steps, where A's steps are those of the track. */
export function CompareHandle({ store }: { store: Store }) {
  const { other, steps, step, on } = store.comparison;
  if (!on.value || other.value !== null) return null;
  const index = steps.value.indexOf(step.value as number);
  const last = steps.value.length - 1;
  const at = (value: string): number | null => steps.value[Number(value)] ?? null;
  return (
    <>
      <input
        type="range"
        class="ew-compare-handle"
        data-testid="compare-slider"
        aria-label="Second step, A"
        aria-valuetext={stepLabel(store.run.value, index)}
        min={0}
        max={Math.max(last, 0)}
        step={1}
        value={index}
        onInput={(event) => store.comparison.show(at(event.currentTarget.value))}
        onChange={() => store.comparison.commit()}
        onKeyDown={(event) => {
          // the view's own arrows move B
          if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
          event.preventDefault();
          event.stopPropagation();
          store.comparison.move(event.key === "ArrowRight" ? 1 : -1);
        }}
      />
      <span class="ew-compare-flag" style={{ "--ew-at": last > 0 ? index / last : 0 }} aria-hidden="true">
        <Mark of="A" />
      </span>
    </>
  );
}
