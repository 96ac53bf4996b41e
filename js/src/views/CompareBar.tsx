import type { Shown } from "../comparing/blink";
import type { Store } from "../store";
import { stepLabel } from "../words";

/** The sign of one of the two sides of a comparison. */
export function Mark({ of }: { of: "A" | "B" }) {
  return (
    <span class="ew-mark-of" data-of={of}>
      {of}
    </span>
  );
}

/** What A is, in words: its step, and of which run where that is another. */
export function comparedWords(store: Store): string {
  const { other, steps, epochs, step } = store.comparison;
  const place = steps.value.indexOf(step.value as number);
  const words = stepLabel({ steps: steps.value, epochs: epochs.value }, place);
  return other.value === null ? words : `${words} · ${other.value.name}`;
}

export function shownWords(store: Store): string {
  const words = stepLabel(store.run.value, store.stepIndex.value);
  return store.comparison.other.value === null ? words : `${words} · ${store.run.value.name}`;
}

/** Names both runs, where there are two. */
export function RunsCompared({ store }: { store: Store }) {
  const other = store.comparison.other.value;
  if (other === null) return null;
  const runs = [
    ["A", other.name],
    ["B", store.run.value.name],
  ] as const;
  return (
    <div class="ew-runs" data-testid="runs">
      {runs.map(([mark, name]) => (
        <span key={mark} class="ew-run" title={`${mark}: ${name}`}>
          <Mark of={mark} /> <span class="ew-run-name">{name}</span>
        </span>
      ))}
    </div>
  );
}

const CHOICES: [Shown, string, string][] = [
  ["both", "A and B", "A and B beside each other"],
  ["A", "A", "A alone"],
  ["B", "B", "B alone"],
];

/** What is compared, and how it is laid out: beside each other, one of them, or by turns. */
export function CompareBar({ store }: { store: Store }) {
  const { blink, comparison } = store;
  const shown = blink.shown.value;
  const running = blink.running.value;
  const words = shown === "both" ? "" : `showing ${shown}: ${shown === "A" ? comparedWords(store) : shownWords(store)}`;
  return (
    <div class="ew-compare" role="group" aria-label="Comparison" data-testid="compare-bar">
      <div class="ew-segments">
        {CHOICES.map(([which, text, title]) => (
          <button
            key={which}
            type="button"
            class="ew-button"
            data-testid={`show-${which}`}
            title={title}
            aria-pressed={shown === which && !running}
            onClick={() => blink.show(which)}
          >
            {text}
          </button>
        ))}
      </div>
      <button
        type="button"
        class="ew-button"
        data-testid="blink"
        title="A and B by turns in one place (B)"
        aria-pressed={running}
        onClick={() => blink.toggle()}
      >
        blink
      </button>
      <span class="ew-compare-words" role={running ? undefined : "status"} data-testid="blink-words">
        {words}
      </span>
      <button
        type="button"
        class="ew-button ew-compare-close"
        data-testid="compare-close"
        title="Stop comparing (C)"
        onClick={(event) => {
          // the button goes away, and the keys shall not
          event.currentTarget.closest<HTMLElement>(".ew-root")?.focus();
          comparison.choose(null);
        }}
      >
        stop comparing
      </button>
    </div>
  );
}
