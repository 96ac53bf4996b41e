/** What the interface says of steps, states and scores. */
import type { LearningState, RunInfo, Score, Sort, Status } from "./protocol";

/** One decimal, or two where the second says something: evaluated a quarter into an epoch, 0.25 and not 0.3. */
function epochText(epoch: number): string {
  const hundredths = Math.round(epoch * 100);
  return hundredths % 10 === 0 ? (hundredths / 100).toFixed(1) : (hundredths / 100).toFixed(2);
}

export function stepLabel(run: Pick<RunInfo, "steps" | "epochs">, stepIndex: number): string {
  const step = run.steps[stepIndex];
  if (step === undefined) return "no step";
  const epoch = run.epochs[stepIndex];
  return typeof epoch === "number" ? `step ${step} · epoch ${epochText(epoch)}` : `step ${step}`;
}

/** The state of a specimen at a step, where it explains why there is no score. */
export function statusInList(status: Status): string {
  switch (status) {
    case "missing":
      return "missing";
    case "no_prediction":
      return "no prediction";
    case "no_ground_truth":
      return "no ground truth";
    default:
      return "–";
  }
}

/** Two decimals; fewer of numbers that are large, and as many as it takes to tell a small one from 0. */
export function scoreText(score: number): string {
  const size = Math.abs(score);
  if (size >= 1000) return score.toLocaleString("en", { maximumFractionDigits: 0 });
  if (size >= 100) return score.toFixed(1);
  if (size > 0 && size < 0.005) return score.toPrecision(1);
  return score.toFixed(2);
}

export function ratioText(value: number | null): string {
  return value === null || Number.isNaN(value) ? "–" : value.toFixed(2);
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

export function better({ direction }: Score): string {
  return `${direction} is better`;
}

/** What became of a specimen over the steps. */
export function learningWords(state: LearningState): string {
  return state.replace("_", " ");
}

/** The direction that the list is sorted in. */
export function sortWords(by: Sort, reversed: boolean): string {
  if (by === "score") return reversed ? "best first" : "worst first";
  if (by === "change") return reversed ? "most gained first" : "most lost first";
  if (by === "learned_at") return reversed ? "latest first" : "earliest first";
  if (by === "forgetting") return reversed ? "least first" : "most first";
  return reversed ? "descending" : "ascending";
}

/** What a chart shows, in sentences: where the score begins and ends, where it is best, what is lacking. */
export function chartWords(score: Score, steps: readonly number[], values: readonly (number | null | undefined)[]): string {
  const known = steps.flatMap((step, index) => {
    const value = values[index];
    return typeof value === "number" ? [{ step, value }] : [];
  });
  const [first] = known;
  const last = known.at(-1);
  if (!first || !last) return `${score.name} over ${plural(steps.length, "step")}: no values.`;
  const ahead = (a: number, b: number): boolean => (score.direction === "higher" ? a > b : a < b);
  const best = known.reduce((kept, one) => (ahead(one.value, kept.value) ? one : kept));
  const at = ({ step, value }: { step: number; value: number }): string => `${scoreText(value)} at step ${step}`;
  const lacking = steps.length - known.length;
  return [
    `${score.name} over ${plural(steps.length, "step")}: ${first === last ? at(first) : `${at(first)}, ${at(last)}`}.`,
    known.length > 1 ? `Best: ${at(best)}.` : "",
    lacking > 0 ? `${plural(lacking, "step")} without a value.` : "",
    `${better(score)[0]?.toUpperCase()}${better(score).slice(1)}.`,
  ]
    .filter((sentence) => sentence !== "")
    .join(" ");
}
