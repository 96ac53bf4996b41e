import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { type Moment, momentWords } from "../comparing/history";
import { plural } from "../words";
import { Mark } from "./CompareBar";

/** What a box was matched with at each step of a run. */
export interface HistoryRow {
  mark: "A" | "B" | null;
  moments: readonly Moment[];
  step: number | null;
  goTo: (step: number) => void;
}

interface EntryProps {
  moment: Moment;
  current?: boolean;
  goTo: (step: number) => void;
}

function Entry({ moment, current = false, goTo }: EntryProps) {
  return (
    <li>
      <button
        type="button"
        class="ew-moment"
        data-outcome={moment.outcome ?? "unscored"}
        data-step={moment.step}
        aria-current={current ? "step" : undefined}
        aria-label={`step ${moment.step}: ${momentWords(moment)}`}
        onClick={() => goTo(moment.step)}
      >
        <span class="ew-quiet">{moment.step}</span> {momentWords(moment)}
      </button>
    </li>
  );
}

function Steps({ mark, moments, step, goTo }: HistoryRow) {
  const list = useRef<HTMLOListElement>(null);
  // the same elements while the slider moves: of hundreds of steps only those that it leaves and reaches are made anew
  const entries = useMemo(
    () => moments.map((moment) => <Entry key={moment.step} moment={moment} goTo={goTo} />),
    [moments, goTo],
  );

  useLayoutEffect(() => {
    const entries = list.current as HTMLElement;
    const current = entries.querySelector<HTMLElement>("[aria-current]");
    if (!current) return;
    const { offsetLeft, offsetWidth } = current;
    if (offsetLeft < entries.scrollLeft || offsetLeft + offsetWidth > entries.scrollLeft + entries.clientWidth) {
      entries.scrollLeft = offsetLeft - (entries.clientWidth - offsetWidth) / 2;
    }
  }, [step, moments]);

  return (
    <ol
      ref={list}
      class="ew-history-steps"
      aria-label={mark === null ? "steps" : `steps of ${mark}`}
      data-testid={mark === "A" ? "history-steps-compared" : "history-steps"}
    >
      {moments.map((moment, place) =>
        moment.step === step ? <Entry key={moment.step} moment={moment} current goTo={goTo} /> : entries[place],
      )}
    </ol>
  );
}

function foundWords({ moments }: HistoryRow): string {
  const found = moments.filter(({ outcome }) => outcome === "matched").length;
  return `found at ${found} of ${plural(moments.length, "step")}`;
}

interface HistoryStripProps {
  /** The box by its label, and by its place in the specimen. */
  label: string;
  place: string;
  rows: readonly HistoryRow[];
  clear: () => void;
}

/** What became of one ground truth box at each step, each a way to go there. */
export function HistoryStrip({ label, place, rows, clear }: HistoryStripProps) {
  return (
    <section class="ew-history" aria-label={`History of ${label} (${place})`} data-testid="history">
      <p class="ew-history-title" role="status">
        <strong title={label}>{label}</strong>
        <span class="ew-quiet">
          {place} · {rows.map((row) => [row.mark, foundWords(row)].filter((part) => part !== null).join(" ")).join(" · ")}
        </span>
      </p>
      <button type="button" class="ew-button" data-testid="history-clear" title="Close the history (Esc)" onClick={clear}>
        close
      </button>
      {rows.map((row) => (
        <div key={row.mark} class="ew-history-row">
          {row.mark && <Mark of={row.mark} />}
          <Steps {...row} />
        </div>
      ))}
    </section>
  );
}
