import { WHOLE } from "../drawing/geometry";
import { hasSharedImage } from "../data/pack";
import type { Options, Store } from "../store";
import { CompareMenu } from "./CompareMenu";
import { OverlayChoices } from "./Overlays";
import { StepChart } from "./StepChart";
import { StepControl } from "./StepControl";

const CHOICES: [keyof Options, string][] = [
  ["labels", "labels"],
  ["scores", "box scores"],
  ["iou", "IoU"],
  ["matched", "matched"],
  ["missed", "missed"],
  ["extra", "extra"],
  ["ignored", "ignored"],
];

export function Menu({ store, hasSteps }: { store: Store; hasSteps: boolean }) {
  const options = store.options.value;
  const pack = store.pack.value;
  const choices = pack && hasSharedImage(pack) ? [] : CHOICES;
  return (
    <div class="ew-menu" role="dialog" aria-label="More options" data-testid="menu">
      {hasSteps && <StepControl store={store} isFocused />}
      <CompareMenu store={store} />
      {store.chartOpen.value && <StepChart store={store} />}
      <OverlayChoices store={store} />
      <fieldset class="ew-choices">
        {choices.length > 0 && <legend class="ew-menu-title">Show</legend>}
        {choices.map(([name, words]) => (
          <label key={name} class="ew-choice">
            <input
              type="checkbox"
              data-testid={`show-${name}`}
              checked={options[name]}
              onChange={(event) => {
                store.options.value = { ...store.options.peek(), [name]: event.currentTarget.checked };
              }}
            />
            {words}
          </label>
        ))}
        <button
          type="button"
          class="ew-button"
          data-testid="chart-button"
          aria-pressed={store.chartOpen.value}
          onClick={() => {
            store.chartOpen.value = !store.chartOpen.peek();
          }}
        >
          metrics over steps
        </button>
        <button
          type="button"
          class="ew-button"
          data-testid="reset-zoom"
          title="Show the whole image (0)"
          onClick={() => {
            store.view.value = WHOLE;
          }}
        >
          reset zoom
        </button>
        <button
          type="button"
          class="ew-button"
          data-testid="help-button"
          title="Keys, and how to read what is shown (?)"
          aria-haspopup="dialog"
          onClick={() => store.openHelp()}
        >
          help
        </button>
      </fieldset>
    </div>
  );
}
