/** The Evaluation Step slider with its buttons. */
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Store } from "../store";
import { stepLabel } from "../words";
import { CompareHandle } from "./CompareMenu";
import { Left, Pause, Play, Right } from "./icons";

/** Characters of step numbers that fit under the slider of the narrowest view. */
const MOST_CHARACTERS = 30;
const MOST_TICKS = 60;

/** Indices of the steps written under the slider: first, last, and evenly in between. */
export function markedSteps(count: number, most: number): number[] {
  const marks = Math.min(count, most);
  if (marks <= 1) return count > 0 ? [0] : [];
  return Array.from({ length: marks }, (_, place) => Math.round((place * (count - 1)) / (marks - 1)));
}

function percent(index: number, count: number): string {
  return count > 1 ? `${(index / (count - 1)) * 100}%` : "0%";
}

function StepSlider({ store, isFocused }: { store: Store; isFocused: boolean }) {
  const run = store.run.value;
  const count = run.steps.length;
  const index = store.stepIndex.value;
  const slider = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    if (isFocused) slider.current?.focus();
  }, []);
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

export function StepControl({ store, isFocused = false }: { store: Store; isFocused?: boolean }) {
  const playing = store.playback.playing.value;
  const last = store.run.value.steps.length - 1;
  return (
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
      <StepSlider store={store} isFocused={isFocused} />
      <output class="ew-menu-step">{stepLabel(store.run.value, store.stepIndex.value)}</output>
    </div>
  );
}
