import type { FailureMode } from "../protocol";
import type { Store } from "../store";
import { GoodPictogram, ModePictogram } from "./Pictogram";

const BOXES_DRAWN = "Drawn: the object, its ground truth box as a line, the prediction dashed.";
const TEXT_DRAWN = "Drawn: the words of the reference above, those of the answer below.";

function hasBoxes(modes: readonly FailureMode[]): boolean {
  return modes.some(({ of }) => of === "boxes");
}

/** What makes predictions of the run good, and how they come to be so. */
export function GoodPredictions({ store }: { store: Store }) {
  const { good, modes } = store.run.value;
  return (
    <>
      <p>Good predictions are:</p>
      <ul class="ew-guide">
        {good.map(({ key, name, meaning }) => (
          <li key={key} class="ew-guide-entry" data-criterion={key}>
            <GoodPictogram criterion={key} />
            <div>
              <h3 class="ew-guide-name">{name}</h3>
              {meaning !== name && <p>{meaning}</p>}
            </div>
          </li>
        ))}
      </ul>
      <p>
        Early checkpoints are often wrong or incomplete, the middle ones improve, the last are mature. Whether this
        specimen does so, the Evaluation Step slider shows (M, or → and ←).
      </p>
      <p class="ew-quiet">{hasBoxes(modes) ? BOXES_DRAWN : TEXT_DRAWN}</p>
    </>
  );
}

/** Each failure mode that predictions of the run can have. */
export function ModesExplained({ store }: { store: Store }) {
  const { modes } = store.run.value;
  const wanted = store.help.value?.mode;
  return (
    <>
      <ul class="ew-guide">
        {modes.map(({ key, name, meaning, definition, advice }) => (
          <li
            key={key}
            class="ew-guide-entry"
            data-mode={key}
            data-explains={key}
            data-wanted={key === wanted}
            data-testid={`explained-${key}`}
            aria-label={name}
            tabIndex={-1}
          >
            <ModePictogram mode={key} />
            <div>
              <h3 class="ew-guide-name">
                <i class="ew-swatch" aria-hidden="true" />
                {name}
              </h3>
              <p>{meaning}</p>
              <p class="ew-quiet">Counted: {definition}.</p>
              <p class="ew-guide-advice">{advice}</p>
            </div>
          </li>
        ))}
      </ul>
      <p class="ew-quiet">
        {hasBoxes(modes) && `${BOXES_DRAWN} `}
        {modes.some(({ of }) => of === "text") && TEXT_DRAWN}
      </p>
    </>
  );
}
