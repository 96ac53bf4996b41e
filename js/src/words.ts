/** What the interface says of steps, states and scores. */
import type { RunInfo, Status } from "./protocol";

/** One decimal, or two where the second says something: evaluated a quarter into an epoch, 0.25 and not 0.3. */
function epochText(epoch: number): string {
  const hundredths = Math.round(epoch * 100);
  return hundredths % 10 === 0 ? (hundredths / 100).toFixed(1) : (hundredths / 100).toFixed(2);
}

export function stepLabel(run: RunInfo, stepIndex: number): string {
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

export function scoreText(score: number): string {
  return score.toFixed(2);
}

export function ratioText(value: number | null): string {
  return value === null || Number.isNaN(value) ? "–" : value.toFixed(2);
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
