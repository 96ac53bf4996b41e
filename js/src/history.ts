/** What became of one ground truth box at each step. */
import { isDrawable, type Pack, predictionMatched, predictionsAt, truthAt } from "./pack";
import { type Outcome, outcomeOf } from "./protocol";

export interface Moment {
  step: number;
  /** As the ground truth box is judged at the step; null: the step is not there yet. */
  outcome: Outcome | null;
  /** NaN where it is not matched. */
  iou: number;
  /** Of the prediction it is matched with. */
  corners: Float32Array | null;
}

export function historyOf(pack: Pack, truth: number, steps: readonly number[]): Moment[] {
  return steps.map((step) => {
    if (!pack.placeOfStep.has(step)) return { step, outcome: null, iou: Number.NaN, corners: null };
    const judged = truthAt(pack, step);
    const matched = predictionMatched(pack, step, truth);
    const corners = matched === null ? null : (predictionsAt(pack, step)?.corners.subarray(matched * 4, matched * 4 + 4) ?? null);
    return { step, outcome: outcomeOf(judged.outcome[truth]), iou: judged.iou[truth] ?? Number.NaN, corners };
  });
}

export function momentWords({ outcome, iou }: Moment): string {
  if (outcome === null) return "loading";
  if (outcome === "matched") return `IoU ${iou.toFixed(2)}`;
  return outcome === "unscored" ? "not evaluated" : outcome;
}

/** The next ground truth box that can be chosen, in the order of the specimen; null after the last. */
export function nextTruth(pack: Pack, chosen: number | null, by: 1 | -1): number | null {
  const boxes = truthAt(pack, null);
  let place = chosen ?? (by > 0 ? -1 : boxes.count);
  do place += by;
  while (place >= 0 && place < boxes.count && !isDrawable(boxes, place));
  return place >= 0 && place < boxes.count ? place : null;
}

/** A box that both runs' ground truth holds has another place in each. Null where the other does not hold it. */
export function sameTruth(from: Pack, truth: number, to: Pack): number | null {
  if (from === to) return truth;
  const identity = (pack: Pack, place: number): string =>
    [pack.reply.labels[pack.truth.label[place] ?? -1]?.text, ...pack.truth.corners.subarray(place * 4, place * 4 + 4)].join("|");
  const sought = identity(from, truth);
  if (identity(to, truth) === sought) return truth;
  for (let place = 0; place < to.truth.count; place += 1) if (identity(to, place) === sought) return place;
  return null;
}

/** Whether two packs of a specimen hold the same ground truth boxes. */
export function hasSameTruth(a: Pack, b: Pack): boolean {
  if (a.truth.count !== b.truth.count) return false;
  for (let place = 0; place < a.truth.count; place += 1) if (sameTruth(a, place, b) === null) return false;
  return true;
}
