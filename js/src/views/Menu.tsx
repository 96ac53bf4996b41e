import { useEffect, useRef } from "preact/hooks";
import { WHOLE } from "../drawing/geometry";
import { hasSharedImage } from "../data/pack";
import type { Options, Store } from "../store";
import { stepLabel } from "../words";
import { CompareHandle, CompareMenu } from "./CompareMenu";
import { Left, Pause, Play, Right } from "./icons";
import { OverlayChoices } from "./Overlays";
import { StepChart } from "./StepChart";

/** Characters of step numbers that fit under the slider of the narrowest view. */
const MOST_CHARACTERS = 30;
const MOST_TICKS = 60;

const CHOICES: [keyof Options, string][] = [
  ["labels", "labels"],
  ["scores", "box scores"],
  ["iou", "IoU"],
  ["matched", "matched"],
  ["missed", "missed"],
  ["extra", "extra"],
  ["ignored", "ignored"],
];

/** Indices of the steps written under the slider: first, last, and evenly in between. */
export function markedSteps(count: number, most: number): number[] {
  const marks = Math.min(count, most);
  if (marks <= 1) return count > 0 ? [0] : [];
  return Array.from({ length: marks }, (_, place) => Math.round((place * (count - 1)) / (marks - 1)));
}

function percent(index: number, count: number): string {
  return count > 1 ? `${(index / (count - 1)) * 100}%` : "0%";
}

function StepSlider({ store }: { store: Store }) {
  const run = store.run.value;
  const count = run.steps.length;
  const index = store.stepIndex.value;
  const slider = useRef<HTMLInputElement>(null);
  useEffect(() => slider.current?.focus(), []);
  const widest = Math.max(1, ...run.steps.map((step) => String(step).length));
  const marks = markedSteps(count, Math.max(2, Math.floor(MOST_CHARACTERS / widest)));
  const ticks = count <= MOST_TICKS ? run.steps.map((_, place) => place) : marks;
  return (
    <div class="ew-slider">
      <input
        ref={slider}
        type="range"
        data-testid="step-slider"
        aria-label="Evaluation Step"
        aria-valuetext={stepLabel(run, index)}
        min={0}
        max={Math.max(count - 1, 0)}
        step={1}
        value={index}
        onInput={(event) => {
          store.playback.stop();
          store.showStep(Number(event.currentTarget.value));
        }}
        onChange={() => store.commitStep()}
      />
      <CompareHandle store={store} />
      <div class="ew-ticks" aria-hidden="true">
        {ticks.map((place) => (
          <i key={place} class="ew-tick" style={{ left: percent(place, count) }} />
        ))}
        {marks.map((place) => (
          <span key={place} class="ew-mark" style={{ left: percent(place, count) }}>
            {run.steps[place]}
          </span>
        ))}
      </div>
    </div>
  );
}

export function Menu({ store }: { store: Store }) {
  const options = store.options.value;
  const playing = store.playback.playing.value;
  const pack = store.pack.value;
  const choices = pack && hasSharedImage(pack) ? [] : CHOICES;
  const last = store.run.value.steps.length - 1;
  return (
    <div class="ew-menu" role="dialog" aria-label="More options" data-testid="menu">
      <div class="ew-menu-row">
        <span class="ew-menu-title">Evaluation Step</span>
        <button
          type="button"
          class="ew-button ew-square"
          data-testid="prev-step"
          title="Previous step (←)"
          aria-label="Previous step"
          aria-disabled={store.stepIndex.value <= 0}
          onClick={() => store.moveStep(-1)}
        >
          <Left />
        </button>
        <button
          type="button"
          class="ew-button ew-square"
          data-testid="play"
          title={playing ? "Pause (Space)" : "Play (Space)"}
          aria-label={playing ? "Pause" : "Play"}
          aria-pressed={playing}
          aria-disabled={last < 1}
          onClick={() => store.playback.toggle()}
        >
          {playing ? <Pause /> : <Play />}
        </button>
        <button
          type="button"
          class="ew-button ew-square"
          data-testid="next-step"
          title="Next step (→)"
          aria-label="Next step"
          aria-disabled={store.stepIndex.value >= last}
          onClick={() => store.moveStep(1)}
        >
          <Right />
        </button>
        <StepSlider store={store} />
        <output class="ew-menu-step">{stepLabel(store.run.value, store.stepIndex.value)}</output>
      </div>
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
