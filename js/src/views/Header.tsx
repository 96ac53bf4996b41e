import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Store } from "../store";
import { scoreText, stepLabel } from "../words";
import { RunsCompared } from "./CompareBar";
import { Dots, Down, Up } from "./icons";

const ANNOUNCE_AFTER_MS = 400;

export function titleOf(store: Store): string {
  const { row, name } = store.target.value;
  if (name !== null) return name;
  void store.names.version.value;
  return row === null ? "" : (store.names.at(row) ?? `specimen ${row + 1}`);
}

function scoreOf(store: Store): number | null {
  void store.scores.version.value;
  const { row } = store.target.value;
  const held = row === null ? undefined : store.scores.at(store.step.value, store.score.value.name, row);
  return held && !Number.isNaN(held.score) ? held.score : null;
}

export function Header({ store, menuButton }: { store: Store; menuButton: RefObject<HTMLButtonElement> }) {
  const run = store.run.value;
  const { row } = store.target.value;
  const title = titleOf(store);
  const score = scoreOf(store);
  const listed = store.filtering.listed.value;
  const place = row === null ? null : listed.placeOf(row);
  const { name: scoreName } = store.score.value;
  const atFirst = row === null || listed.placeFrom(row, -1) < 0;
  const atLast = row === null || listed.placeFrom(row, 1) >= listed.count;
  return (
    <header class="ew-header">
      <div class="ew-nav">
        <button
          type="button"
          class="ew-button ew-square"
          data-testid="prev-specimen"
          title="Previous specimen (↑)"
          aria-label="Previous specimen"
          aria-disabled={atFirst}
          onClick={() => store.movePlace(-1)}
        >
          <Up />
        </button>
        <button
          type="button"
          class="ew-button ew-square"
          data-testid="next-specimen"
          title="Next specimen (↓)"
          aria-label="Next specimen"
          aria-disabled={atLast}
          onClick={() => store.movePlace(1)}
        >
          <Down />
        </button>
        <span class="ew-position" data-testid="position">
          {place === null ? "–" : (place + 1).toLocaleString("en")} / {listed.count.toLocaleString("en")}
        </span>
      </div>
      <h2 class="ew-title" data-testid="specimen-title" title={title}>
        {title}
      </h2>
      <RunsCompared store={store} />
      <div class="ew-facts">
        {score !== null && (
          <span class="ew-fact" data-testid="specimen-score" title={`${scoreName} of this specimen at this step`}>
            <span class="ew-quiet">{scoreName}</span> {scoreText(score)}
          </span>
        )}
        <span class="ew-step" data-testid="step-label">
          {stepLabel(run, store.stepIndex.value)}
        </span>
      </div>
      <button
        ref={menuButton}
        type="button"
        class="ew-button ew-square ew-menu-button"
        data-testid="menu-button"
        aria-haspopup="dialog"
        aria-expanded={store.menuOpen.value}
        aria-label="More options (M)"
        title="More options (M)"
        onClick={() => {
          store.menuOpen.value = !store.menuOpen.peek();
        }}
      >
        <Dots />
      </button>
    </header>
  );
}

/** Says what is in sight once it has been in sight for a moment. */
export function Announcer({ store }: { store: Store }) {
  const score = scoreOf(store);
  const words = [`specimen ${titleOf(store)}`, `step ${store.step.value ?? "none"}`];
  if (score !== null) words.push(`${store.score.value.name} ${scoreText(score)}`);
  const text = store.phase.value === "ready" ? words.join(", ") : "";
  const [said, say] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => say(text), ANNOUNCE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div class="ew-unseen" aria-live="polite" data-testid="announcer">
      {said}
    </div>
  );
}
