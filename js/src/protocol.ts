/** The contract between Python and the front end; mirrors `evalwidget/widget/protocol.py`, name for name. */

/** What became of a box: its code in the outcome buffers is its place here. */
export const OUTCOMES = ["unscored", "matched", "missed", "extra", "ignored", "invalid"] as const;

/** The state of a specimen at a step: its code in the status buffers is its place here. */
export const STATUSES = ["ok", "no_prediction", "no_ground_truth", "missing"] as const;

/** What the list may be sorted by: the order of the run, the identifier, the score in sight, its change from another
 * step, the step it was learned at, how often it was forgotten. */
export const SORTS = ["order", "identifier", "score", "change", "learned_at", "forgetting"] as const;

/** What became of a specimen over the steps: its code in the learning buffer is its place here. */
export const LEARNING_STATES = ["not_evaluated", "never_learned", "always_right", "learned", "forgotten"] as const;

/** What the list may be narrowed by: the keys of the trait `filter`. */
export const FILTERS = ["text", "label", "learning", "mode"] as const;

/** The filter `mode` of the specimens that are judged and show no failure mode. */
export const HEALTHY = "none";

/** What an overlay is drawn over. */
export const OVERLAY_PANELS = ["prediction", "truth", "both"] as const;

/** What can be drawn, by ipycanvas's own names; a recorded command begins with its place here. */
export const DRAWING_COMMANDS = [
  "fillRect",
  "strokeRect",
  "clearRect",
  "fillRects",
  "strokeRects",
  "fillStyledRects",
  "strokeStyledRects",
  "fillCircle",
  "strokeCircle",
  "fillCircles",
  "strokeCircles",
  "fillStyledCircles",
  "strokeStyledCircles",
  "fillArc",
  "strokeArc",
  "fillArcs",
  "strokeArcs",
  "fillStyledArcs",
  "strokeStyledArcs",
  "fillPolygon",
  "strokePolygon",
  "fillPolygons",
  "strokePolygons",
  "fillStyledPolygons",
  "strokeStyledPolygons",
  "strokeLine",
  "strokeLines",
  "strokeLineSegments",
  "strokeStyledLineSegments",
  "beginPath",
  "closePath",
  "moveTo",
  "lineTo",
  "rect",
  "arc",
  "ellipse",
  "arcTo",
  "quadraticCurveTo",
  "bezierCurveTo",
  "stroke",
  "fill",
  "strokePath",
  "fillPath",
  "clip",
  "fillText",
  "strokeText",
  "drawImage",
  "putImageData",
  "set",
  "setLineDash",
  "save",
  "restore",
  "translate",
  "rotate",
  "scale",
  "transform",
  "setTransform",
  "resetTransform",
  "clear",
] as const;

/** What the command `set` sets, by its first argument. */
export const DRAWING_STYLES = [
  "fillStyle",
  "strokeStyle",
  "globalAlpha",
  "font",
  "textAlign",
  "textBaseline",
  "direction",
  "globalCompositeOperation",
  "lineWidth",
  "lineCap",
  "lineJoin",
  "miterLimit",
  "lineDashOffset",
  "shadowOffsetX",
  "shadowOffsetY",
  "shadowBlur",
  "shadowColor",
  "filter",
  "imageSmoothingEnabled",
] as const;

/** What an argument of a command is: itself, or the place of what it refers to. */
export const DRAWING_ARGUMENTS = ["number", "text", "array", "image", "paint"] as const;

/** Element types of the arrays that commands refer to. */
export const DRAWING_NUMBERS = ["u8", "i32", "f32", "f64"] as const;

/** Element type of each named buffer; protocol.py gives their shapes. */
export const BUFFERS = {
  image: "u8",
  truth_corners: "f32",
  truth_label: "u32",
  truth_crowd: "u8",
  truth_outcome: "u8",
  truth_iou: "f32",
  truth_match: "i32",
  offsets: "u32",
  corners: "f32",
  label: "u32",
  score: "f32",
  outcome: "u8",
  iou: "f32",
  scores: "f32",
  statuses: "u8",
  ranks: "u32",
  trends: "f32",
  learned_at: "f32",
  forgetting: "f32",
  learning: "u8",
  modes: "u32",
  judged: "u8",
  rows: "u32",
  drawing_commands: "f64",
  drawing_parts: "u32",
  drawing_arrays: "u8",
  drawing_images: "u8",
  drawing_image_offsets: "u32",
} as const;

export interface Score {
  name: string;
  direction: "higher" | "lower";
  bounds: [number, number] | null;
}

export interface FailureMode {
  key: string;
  name: string;
  meaning: string;
  definition: string;
  advice: string;
  of: "boxes" | "text";
}

export interface GoodCriterion {
  key: string;
  name: string;
  meaning: string;
}

export interface OtherRun {
  name: string;
  steps: number[];
  epochs: (number | null)[];
}

export interface RunInfo {
  name: string;
  task: string;
  steps: number[];
  epochs: (number | null)[];
  specimens: number;
  scores: Score[];
  modes: FailureMode[];
  good: GoodCriterion[];
  notes: string[];
  other: OtherRun | null;
}

export interface OverlayInfo {
  name: string;
  panel: "prediction" | "truth" | "both";
}

export interface OverlaysInfo {
  version: number;
  overlays: OverlayInfo[];
}

export interface NamesRequest {
  id: string;
  kind: "names";
  rows: number[];
}

export interface NamesReply {
  id: string;
  kind: "names";
  names: string[];
}

export interface RanksRequest {
  id: string;
  kind: "ranks";
}

export interface RanksReply {
  id: string;
  kind: "ranks";
  buffers: string[];
}

export interface ScoresRequest {
  id: string;
  kind: "scores";
  step: number;
  score: string;
}

export interface ScoresReply {
  id: string;
  kind: "scores";
  step: number;
  notes: string[];
  buffers: string[];
}

export interface SummaryRequest {
  id: string;
  kind: "summary";
  score: string;
  steps: number[];
}

export interface SummaryReply {
  id: string;
  kind: "summary";
  steps: number[];
  values: (number | null)[];
}

export interface TrendsRequest {
  id: string;
  kind: "trends";
  score: string;
  rows: number[];
  steps: number[];
}

export interface TrendsReply {
  id: string;
  kind: "trends";
  steps: number[];
  buffers: string[];
}

export interface ModesRequest {
  id: string;
  kind: "modes";
  step: number;
}

export interface ModesReply {
  id: string;
  kind: "modes";
  step: number;
  buffers: string[];
}

export interface ModeCountsRequest {
  id: string;
  kind: "mode_counts";
  steps: number[];
}

export interface ModeCountsReply {
  id: string;
  kind: "mode_counts";
  steps: number[];
  counts: number[][];
  judged: number[];
}

export interface FindingsRequest {
  id: string;
  kind: "findings";
  index: number;
  steps: number[];
}

export interface Finding {
  mode: string;
  severity: number | null;
  evidence: string;
  ground_truth: number[];
  prediction: number[];
}

export interface StepFindings {
  judged: boolean;
  findings: Finding[];
  good: string[];
}

export interface FindingsReply {
  id: string;
  kind: "findings";
  steps: number[];
  findings: StepFindings[];
}

export interface LearningRequest {
  id: string;
  kind: "learning";
  score: string;
}

export interface LearningReply {
  id: string;
  kind: "learning";
  read: number;
  buffers: string[];
}

export interface SearchRequest {
  id: string;
  kind: "search";
  text: string;
  label: string | null;
}

export interface SearchReply {
  id: string;
  kind: "search";
  read: number;
  buffers: string[];
}

export interface LabelsRequest {
  id: string;
  kind: "labels";
  text: string;
}

export interface LabelCount {
  text: string;
  specimens: number;
}

export interface LabelsReply {
  id: string;
  kind: "labels";
  labels: LabelCount[];
  total: number;
}

export interface SpecimenRequest {
  id: string;
  kind: "specimen";
  of: "run" | "other";
  specimen: string | null;
  index: number | null;
  step: number | null;
  all_steps: boolean;
  image: boolean;
}

export interface OverlaysRequest {
  id: string;
  kind: "overlays";
  index: number;
  steps: number[];
}

export interface DrawingSpan {
  overlay: string;
  first: number;
  last: number;
  message: string;
}

export interface DrawingPaint {
  kind: "linear" | "radial" | "pattern";
  numbers: number[];
  stops: [number, string][];
  image: number | null;
  repetition: string;
}

export interface OverlaysReply {
  id: string;
  kind: "overlays";
  steps: number[];
  drawings: DrawingSpan[][];
  texts: string[];
  paints: DrawingPaint[];
  images: string[];
  buffers: string[];
}

export interface Image {
  state: "ok" | "missing" | "unreadable" | "not_asked";
  message: string;
  mime: string;
}

export interface Label {
  text: string;
  colour: string;
}

export interface Invalid {
  state: string;
  message: string;
  raw: string;
}

export interface Answer {
  state: string;
  text: string | null;
  raw: string | null;
  exact_match: number | null;
  token_f1: number | null;
  bleu: number | null;
}

export interface Question {
  item: string;
  question: string;
  references: string[];
  answers: (Answer | null)[];
}

export interface SpecimenReply {
  id: string;
  kind: "specimen";
  specimen: string;
  index: number;
  size: [number, number];
  size_known: boolean;
  image: Image;
  caption: string;
  annotated: boolean;
  steps: number[];
  statuses: string[];
  invalid: Invalid[][];
  outputs: (string | null)[];
  labels: Label[];
  questions: Question[];
  buffers: string[];
}

export interface ErrorReply {
  id: string;
  kind: "error";
  message: string;
}

export type Outcome = (typeof OUTCOMES)[number];
export type Status = (typeof STATUSES)[number];
export type LearningState = (typeof LEARNING_STATES)[number];
export type Sort = (typeof SORTS)[number];
export type BufferName = keyof typeof BUFFERS;
export type Request =
  | FindingsRequest
  | LabelsRequest
  | LearningRequest
  | ModeCountsRequest
  | ModesRequest
  | NamesRequest
  | OverlaysRequest
  | RanksRequest
  | ScoresRequest
  | SearchRequest
  | SpecimenRequest
  | SummaryRequest
  | TrendsRequest;
export type Reply =
  | FindingsReply
  | LabelsReply
  | LearningReply
  | ModeCountsReply
  | ModesReply
  | NamesReply
  | OverlaysReply
  | RanksReply
  | ScoresReply
  | SearchReply
  | SpecimenReply
  | SummaryReply
  | TrendsReply;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isOtherRun(value: unknown): value is OtherRun {
  return (
    isRecord(value) && typeof value.name === "string" && Array.isArray(value.steps) && Array.isArray(value.epochs)
  );
}

export function isRunInfo(value: unknown): value is RunInfo {
  return (
    isRecord(value) &&
    typeof value.name === "string" &&
    typeof value.specimens === "number" &&
    Array.isArray(value.steps) &&
    value.steps.every((step) => typeof step === "number") &&
    Array.isArray(value.epochs) &&
    Array.isArray(value.scores) &&
    value.scores.every((score) => isRecord(score) && typeof score.name === "string") &&
    [value.modes, value.good].every(Array.isArray) &&
    Array.isArray(value.notes) &&
    (value.other === null || isOtherRun(value.other))
  );
}

export function isOverlaysInfo(value: unknown): value is OverlaysInfo {
  return (
    isRecord(value) &&
    typeof value.version === "number" &&
    Array.isArray(value.overlays) &&
    value.overlays.every((overlay) => isRecord(overlay) && typeof overlay.name === "string")
  );
}

export function isErrorReply(value: unknown): value is ErrorReply {
  return isRecord(value) && value.kind === "error" && typeof value.message === "string";
}

export function isReply(value: unknown): value is Reply {
  if (!isRecord(value)) return false;
  switch (value.kind) {
    case "names":
      return Array.isArray(value.names);
    case "ranks":
      return Array.isArray(value.buffers);
    case "scores":
      return typeof value.step === "number" && [value.notes, value.buffers].every(Array.isArray);
    case "labels":
      return Array.isArray(value.labels) && typeof value.total === "number";
    case "findings":
      return [value.steps, value.findings].every(Array.isArray);
    case "mode_counts":
      return [value.steps, value.counts, value.judged].every(Array.isArray);
    case "modes":
      return typeof value.step === "number" && Array.isArray(value.buffers);
    case "overlays":
      return [value.steps, value.drawings, value.texts, value.paints, value.images, value.buffers].every(Array.isArray);
    case "learning":
    case "search":
      return typeof value.read === "number" && Array.isArray(value.buffers);
    case "trends":
      return [value.steps, value.buffers].every(Array.isArray);
    case "summary":
      return [value.steps, value.values].every(Array.isArray);
    case "specimen":
      return (
        typeof value.specimen === "string" &&
        typeof value.index === "number" &&
        Array.isArray(value.size) &&
        value.size.length === 2 &&
        isRecord(value.image) &&
        [value.steps, value.statuses, value.invalid, value.outputs, value.labels, value.questions, value.buffers].every(
          Array.isArray,
        )
      );
    default:
      return false;
  }
}

export function isBufferName(name: string): name is BufferName {
  return Object.hasOwn(BUFFERS, name);
}

export function outcomeOf(code: number | undefined): Outcome {
  return OUTCOMES[code ?? 0] ?? "unscored";
}
