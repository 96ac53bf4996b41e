import type { Pack } from "../data/pack";
import { statusAt } from "../data/pack";
import type { FailureMode, Finding, StepFindings } from "../protocol";
import type { Store } from "../store";
import { plural, ratioText } from "../words";
import { absenceWords } from "./Questions";

function summaryWords(found: StepFindings | undefined, modes: ReadonlyMap<string, FailureMode>): string {
  if (found === undefined) return "";
  if (!found.judged) return "not judged at this step";
  if (found.findings.length === 0) return "no failure mode";
  const names = [...new Set(found.findings.map(({ mode }) => modes.get(mode)?.name ?? mode))];
  return names.join(", ");
}

interface OneProps {
  store: Store;
  finding: Finding;
  mode: FailureMode | undefined;
}

/** Points at the finding's boxes while the pointer or the focus is on it. */
function One({ store, finding, mode }: OneProps) {
  const key = finding.mode;
  const chosen = store.filter.value.mode === key;
  const point = (): void => {
    store.pointed.value = { truth: finding.ground_truth, prediction: finding.prediction };
  };
  const leave = (): void => {
    store.pointed.value = null;
  };
  return (
    <li class="ew-finding" data-testid="finding" data-mode={key} onPointerEnter={point} onPointerLeave={leave}>
      <button
        type="button"
        class="ew-button ew-modes-key"
        data-testid={`finding-${key}`}
        aria-pressed={chosen}
        title={`${mode?.meaning ?? key}. Show only specimens with it at the step in sight.`}
        onFocus={point}
        onBlur={leave}
        onClick={() => store.narrow({ mode: chosen ? null : key })}
      >
        <i class="ew-swatch" data-mode={key} aria-hidden="true" />
        {mode?.name ?? key}
      </button>
      <p class="ew-finding-words">
        <span data-testid="evidence">{finding.evidence}</span>
        {finding.severity !== null && <span class="ew-quiet"> (severity {ratioText(finding.severity)})</span>}
        {mode && (
          <span class="ew-finding-advice">
            {mode.advice}{" "}
            <button
              type="button"
              class="ew-link"
              data-testid={`explain-${key}`}
              aria-label={`What is this? ${mode.name}`}
              aria-haspopup="dialog"
              onClick={() => store.openHelp("modes", key)}
            >
              what is this?
            </button>
          </span>
        )}
      </p>
    </li>
  );
}

/** The failure modes of the open specimen at the step in sight, with their evidence and what helps. */
export function Findings({ store, pack }: { store: Store; pack: Pack }) {
  const { modes, good } = store.run.value;
  if (modes.length === 0) return null;
  void store.findings.version.value;
  const step = store.step.value;
  const open = store.findingsOpen.value;
  const known = new Map(modes.map((mode) => [mode.key, mode]));
  const found = step === null ? undefined : store.findings.valuesOf(pack.reply.index).get(step);
  const failure = found === undefined ? store.findings.message.value : "";
  const status = statusAt(pack, step);
  const criteria = good.filter(({ key }) => found?.good.includes(key));
  return (
    <section class="ew-findings" aria-label="Failure modes of this specimen" data-testid="findings" data-open={open}>
      <button
        type="button"
        class="ew-findings-toggle"
        data-testid="findings-toggle"
        aria-expanded={open}
        onClick={() => {
          store.findingsOpen.value = !store.findingsOpen.peek();
        }}
      >
        <span class="ew-findings-title">Failure modes at step {step}</span>
        <span class="ew-findings-swatches" aria-hidden="true">
          {[...new Set(found?.findings.map(({ mode }) => mode))].map((key) => (
            <i key={key} class="ew-swatch" data-mode={key} />
          ))}
        </span>
        <span class={failure === "" ? "ew-findings-summary" : "ew-findings-summary ew-bad"} data-testid="findings-summary">
          {failure === "" ? summaryWords(found, known) : "could not be told"}
        </span>
      </button>
      {open && (
        <div class="ew-findings-body">
          {failure !== "" ? (
            <p class="ew-bad" role="status" data-testid="findings-error">
              {failure}{" "}
              <button type="button" class="ew-button" onClick={() => store.wantFindings()}>
                retry
              </button>
            </p>
          ) : found === undefined ? (
            <p class="ew-quiet" role="status">
              looking for failure modes…
            </p>
          ) : !found.judged ? (
            <p class="ew-quiet">
              {status === "missing" ? absenceWords(status) : "no ground truth to judge by"}
            </p>
          ) : found.findings.length > 0 ? (
            <ul class="ew-findings-list">
              {found.findings.map((finding, place) => (
                <One key={place} store={store} finding={finding} mode={known.get(finding.mode)} />
              ))}
            </ul>
          ) : (
            <p>
              <span data-testid="good">
                {criteria.length === 0 ? "No failure mode." : `Meets ${plural(criteria.length, "criterion", "criteria")} of a good prediction:`}{" "}
                {criteria.map(({ key, name, meaning }) => (
                  <span key={key} class="ew-criterion ew-good" title={meaning}>
                    ✓ {name}
                  </span>
                ))}
              </span>
              <button
                type="button"
                class="ew-link"
                data-testid="explain-good"
                aria-haspopup="dialog"
                onClick={() => store.openHelp("good")}
              >
                what is good?
              </button>
            </p>
          )}
        </div>
      )}
    </section>
  );
}
