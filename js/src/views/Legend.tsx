import type { Counts } from "../data/pack";
import { LINES } from "../drawing/paint";
import type { Outcome } from "../protocol";
import { Mark } from "./CompareBar";

const SHOWN: Outcome[] = ["matched", "missed", "extra", "ignored", "unscored", "invalid"];
const ALWAYS: Outcome[] = ["matched", "missed", "extra"];

function Sample({ outcome }: { outcome: Outcome }) {
  const { width, dash, alpha } = LINES[outcome];
  return (
    <svg class="ew-sample" width="24" height="8" aria-hidden="true" focusable="false">
      <line
        x1="0"
        y1="4"
        x2="24"
        y2="4"
        stroke="currentColor"
        stroke-width={width}
        stroke-dasharray={dash.join(" ")}
        opacity={Math.max(alpha, 0.5)}
      />
    </svg>
  );
}

/** `judged` is false where there is nothing to compare with: no ground truth, or not evaluated at the step. */
export function Legend({ counts, judged, mark }: { counts: Counts; judged: boolean; mark?: "A" | "B" }) {
  const shown = SHOWN.filter((outcome) => counts[outcome] > 0 || (judged && ALWAYS.includes(outcome)));
  return (
    <p class="ew-legend" data-testid={mark === "A" ? "legend-compared" : "legend"}>
      {mark && <Mark of={mark} />}
      {shown.map((outcome, place) => (
        <span key={outcome} class="ew-legend-entry" data-outcome={outcome}>
          {outcome !== "invalid" && <Sample outcome={outcome} />}
          {counts[outcome]} {outcome}
          {place < shown.length - 1 && <span class="ew-unseen"> · </span>}
        </span>
      ))}
      {shown.length === 0 && "not scored"}
    </p>
  );
}
