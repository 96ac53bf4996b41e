/** One specimen as the front end holds it: its decoded image and its boxes at every step received. */
import { type Invalid, OUTCOMES, outcomeOf, type Question, type SpecimenReply, type Status } from "../protocol";
import type { Answered } from "./requests";

export interface Boxes {
  count: number;
  corners: Float32Array;
  label: Uint32Array;
  outcome: Uint8Array;
  iou: Float32Array;
  score: Float32Array | null;
  crowd: Uint8Array | null;
}

export interface Pack {
  reply: SpecimenReply;
  image: ImageBitmap | null;
  imageMessage: string;
  placeOfStep: ReadonlyMap<number, number>;
  truth: Omit<Boxes, "outcome" | "iou">;
  truthOutcome: Uint8Array;
  truthIou: Float32Array;
  truthMatch: Int32Array;
  offsets: Uint32Array;
  predictions: Boxes;
}

export interface Counts {
  unscored: number;
  matched: number;
  missed: number;
  extra: number;
  ignored: number;
  invalid: number;
}

export type DecodeImage = (bytes: Uint8Array<ArrayBuffer>, mime: string) => Promise<ImageBitmap>;

export const decodeInBrowser: DecodeImage = (bytes, mime) => createImageBitmap(new Blob([bytes], { type: mime }));

function checkCorners(corners: Float32Array, rows: number, what: string): void {
  if (corners.length !== rows * 4) throw new Error(`${what}: ${corners.length} corners for ${rows} boxes`);
}

const NO_IMAGE = { image: null, imageMessage: "" };

async function decodeImage(answered: Answered<SpecimenReply>, decode: DecodeImage) {
  const { state, message, mime } = answered.reply.image;
  if (state === "missing") {
    return { image: null, imageMessage: message ? `image missing: ${message}` : "image missing" };
  }
  if (state === "unreadable") return { image: null, imageMessage: `image unreadable: ${message}` };
  const bytes = answered.buffers.image;
  if (state === "not_asked" || !bytes) return NO_IMAGE;
  try {
    return { image: await decode(bytes, mime), imageMessage: "" };
  } catch {
    return { image: null, imageMessage: "image unreadable: the browser cannot decode it" };
  }
}

function build(answered: Answered<SpecimenReply>, picture: { image: ImageBitmap | null; imageMessage: string }): Pack {
  const { reply, buffers } = answered;
  const truthLabel = buffers.truth_label ?? new Uint32Array(0);
  const label = buffers.label ?? new Uint32Array(0);
  const corners = buffers.corners ?? new Float32Array(0);
  const truthCorners = buffers.truth_corners ?? new Float32Array(0);
  checkCorners(truthCorners, truthLabel.length, "ground truth");
  checkCorners(corners, label.length, "predictions");
  return {
    reply,
    ...picture,
    placeOfStep: new Map(reply.steps.map((step, place) => [step, place])),
    truth: {
      count: truthLabel.length,
      corners: truthCorners,
      label: truthLabel,
      score: null,
      crowd: buffers.truth_crowd ?? null,
    },
    truthOutcome: buffers.truth_outcome ?? new Uint8Array(0),
    truthIou: buffers.truth_iou ?? new Float32Array(0),
    truthMatch: buffers.truth_match ?? new Int32Array(0),
    offsets: buffers.offsets ?? new Uint32Array(reply.steps.length + 1),
    predictions: {
      count: label.length,
      corners,
      label,
      outcome: buffers.outcome ?? new Uint8Array(label.length),
      iou: buffers.iou ?? new Float32Array(label.length).fill(Number.NaN),
      score: buffers.score ?? null,
      crowd: null,
    },
  };
}

export async function decodePack(answered: Answered<SpecimenReply>, decode: DecodeImage): Promise<Pack> {
  return build(answered, await decodeImage(answered, decode));
}

/** The pack of a later reply that brought more steps and no image, with the image that is there already. */
export function withImageOf(answered: Answered<SpecimenReply>, earlier: Pack): Pack {
  const { image, imageMessage } = earlier;
  const reply = { ...answered.reply, image: earlier.reply.image };
  return build({ ...answered, reply }, { image, imageMessage });
}

export function holdsSteps(pack: Pack, steps: readonly number[]): boolean {
  return steps.every((step) => pack.placeOfStep.has(step));
}

/** Ground truth boxes as judged at a step; unscored where the step is not in the pack. */
export function truthAt(pack: Pack, step: number | null): Boxes {
  const { truth } = pack;
  const place = step === null ? undefined : pack.placeOfStep.get(step);
  const rows = (place ?? 0) * truth.count;
  const known = place !== undefined && pack.truthOutcome.length >= rows + truth.count;
  return {
    ...truth,
    outcome: known ? pack.truthOutcome.subarray(rows, rows + truth.count) : new Uint8Array(truth.count),
    iou: known ? pack.truthIou.subarray(rows, rows + truth.count) : new Float32Array(truth.count).fill(Number.NaN),
  };
}

/** Predicted boxes at a step; null where the step is not in the pack. */
export function predictionsAt(pack: Pack, step: number | null): Boxes | null {
  const place = step === null ? undefined : pack.placeOfStep.get(step);
  if (place === undefined) return null;
  const start = pack.offsets[place] ?? 0;
  const end = pack.offsets[place + 1] ?? start;
  const all = pack.predictions;
  return {
    count: end - start,
    corners: all.corners.subarray(start * 4, end * 4),
    label: all.label.subarray(start, end),
    outcome: all.outcome.subarray(start, end),
    iou: all.iou.subarray(start, end),
    score: all.score?.subarray(start, end) ?? null,
    crowd: null,
  };
}

export function statusAt(pack: Pack, step: number | null): Status | null {
  const place = step === null ? undefined : pack.placeOfStep.get(step);
  return place === undefined ? null : ((pack.reply.statuses[place] ?? "ok") as Status);
}

export function invalidAt(pack: Pack, step: number | null): Invalid[] {
  const place = step === null ? undefined : pack.placeOfStep.get(step);
  return place === undefined ? [] : (pack.reply.invalid[place] ?? []);
}

export function outputAt(pack: Pack, step: number | null): string | null {
  const place = step === null ? undefined : pack.placeOfStep.get(step);
  return place === undefined ? null : (pack.reply.outputs[place] ?? null);
}

export function answerAt(pack: Pack, question: Question, step: number | null) {
  const place = step === null ? undefined : pack.placeOfStep.get(step);
  return place === undefined ? undefined : (question.answers[place] ?? null);
}

function hasBoxes(pack: Pack): boolean {
  return pack.truth.count > 0 || pack.predictions.count > 0;
}

/** Nothing but questions: one image serves both sides. */
export function hasSharedImage(pack: Pack): boolean {
  return pack.reply.questions.length > 0 && !hasBoxes(pack);
}

/** Matched is counted once, on the side of the predictions. */
export function countOutcomes(truth: Boxes, predictions: Boxes | null, invalid: number): Counts {
  const counts: Counts = { unscored: 0, matched: 0, missed: 0, extra: 0, ignored: 0, invalid: 0 };
  for (const code of truth.outcome) if (OUTCOMES[code] === "missed") counts.missed += 1;
  for (const code of predictions?.outcome ?? []) counts[outcomeOf(code)] += 1;
  counts.invalid = Math.max(counts.invalid, invalid);
  return counts;
}

function matchesAt(pack: Pack, step: number | null): Int32Array {
  const place = step === null ? undefined : pack.placeOfStep.get(step);
  const rows = (place ?? 0) * pack.truth.count;
  return place === undefined ? new Int32Array(0) : pack.truthMatch.subarray(rows, rows + pack.truth.count);
}

/** The place, among the predictions of a step, of the one that a ground truth box is matched with. */
export function predictionMatched(pack: Pack, step: number | null, truth: number): number | null {
  const place = matchesAt(pack, step)[truth] ?? -1;
  return place < 0 ? null : place;
}

/** The ground truth box that a prediction of a step is matched with. */
export function truthMatched(pack: Pack, step: number | null, prediction: number): number | null {
  const place = matchesAt(pack, step).indexOf(prediction);
  return place < 0 ? null : place;
}

export function isDrawable(boxes: Boxes, index: number): boolean {
  return outcomeOf(boxes.outcome[index]) !== "invalid" && !Number.isNaN(boxes.corners[index * 4] ?? Number.NaN);
}

