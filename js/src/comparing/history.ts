/** What became of one ground truth box at each step. */
import { isDrawable, type Pack, predictionMatched, predictionsAt, truthAt } from "../data/pack";
import { type Outcome, outcomeOf } from "../protocol";

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

/** Where each ground truth box of one pack of a specimen stands in another and the reverse, -1 where it does not. */
export interface SharedTruth {
  there: Int32Array;
  back: Int32Array;
  /** Neither holds a box that the other lacks. */
  isWhole: boolean;
}

/** Boxes are the same where label and corners are: runs may hold them in another order. */
export function sharedTruth(here: Pack, there: Pack): SharedTruth {
  const identities = ({ truth, reply }: Pack): string[] =>
    Array.from(truth.label, (label, place) =>
      [reply.labels[label]?.text, ...truth.corners.subarray(place * 4, place * 4 + 4)].join("|"),
    );
  const waiting = new Map<string, number[]>();
  identities(there).forEach((identity, place) => {
    const places = waiting.get(identity);
    if (places) places.push(place);
    else waiting.set(identity, [place]);
  });
  const shared = {
    there: new Int32Array(here.truth.count).fill(-1),
    back: new Int32Array(there.truth.count).fill(-1),
  };
  identities(here).forEach((identity, place) => {
    const found = waiting.get(identity)?.shift();
    if (found === undefined) return;
    shared.there[place] = found;
    shared.back[found] = place;
  });
  return { ...shared, isWhole: !shared.there.includes(-1) && !shared.back.includes(-1) };
}

export function placeIn(places: Int32Array, truth: number | null): number | null {
  const place = truth === null ? -1 : (places[truth] ?? -1);
  return place < 0 ? null : place;
}
