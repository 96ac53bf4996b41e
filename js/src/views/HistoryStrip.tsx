import { useLayoutEffect, useRef } from "preact/hooks";
import { type Moment, momentWords } from "../history";
import { plural } from "../words";
import { Mark } from "./CompareBar";

interface HistoryStripProps {
  /** The box by its label and its place in the specimen. */
  name: string;
  moments: readonly Moment[];
  step: number | null;
  mark?: "A" | "B";
  goTo: (step: number) => void;
  clear?: () => void;
}

/** What one ground truth box was matched with at each step, each a way to go there. */
export function HistoryStrip({ name, moments, step, mark, goTo, clear }: HistoryStripProps) {
  const list = useRef<HTMLOListElement>(null);
  const found = moments.filter(({ outcome }) => outcome === "matched").length;

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
    <section class="ew-history" aria-label={`History of ${name}`} data-testid={mark === "A" ? "history-compared" : "history"}>
      <p class="ew-history-title" role="status">
        {mark && <Mark of={mark} />}
        <strong title={name}>{name}</strong>
        <span class="ew-quiet">
          found at {found} of {plural(moments.length, "step")}
        </span>
      </p>
      <ol ref={list} class="ew-history-steps">
        {moments.map((moment) => (
          <li key={moment.step}>
            <button
              type="button"
              class="ew-moment"
              data-outcome={moment.outcome ?? "unscored"}
              data-step={moment.step}
              aria-current={moment.step === step ? "step" : undefined}
              aria-label={`step ${moment.step}: ${momentWords(moment)}`}
              onClick={() => goTo(moment.step)}
            >
              <span class="ew-quiet">{moment.step}</span> {momentWords(moment)}
            </button>
          </li>
        ))}
      </ol>
      {clear && (
        <button type="button" class="ew-button" data-testid="history-clear" title="Close the history (Esc)" onClick={clear}>
          close
        </button>
      )}
    </section>
  );
}
