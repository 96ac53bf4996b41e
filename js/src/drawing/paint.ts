/** Draws images and boxes on canvases; coordinates on the canvas are CSS pixels. */
import type { Size, Transform } from "./geometry";
import { type Boxes, isDrawable } from "../data/pack";
import { type Label, type Outcome, outcomeOf } from "../protocol";
import type { Options } from "../store";

export const MOST_CHIPS = 60;
/** So few boxes have chips even where these cover something. */
const ALWAYS_CHIPS = 12;

const CHIP_FONT = '600 11px system-ui, -apple-system, "Segoe UI", sans-serif';
const CHIP_HEIGHT = 16;
const CHIP_PADDING = 4;
const HALO_ALPHA = 0.5;
const THIN_FROM = 800;
const THINNER = -0.75;
const FALLBACK_COLOUR = "#888888";

export interface Line {
  width: number;
  dash: number[];
  alpha: number;
}

/** How an outcome is told by more than colour. */
export const LINES: Record<Outcome, Line> = {
  unscored: { width: 2, dash: [], alpha: 1 },
  matched: { width: 2, dash: [], alpha: 1 },
  missed: { width: 2, dash: [10, 5], alpha: 1 },
  extra: { width: 2, dash: [2, 3], alpha: 1 },
  ignored: { width: 1, dash: [], alpha: 0.5 },
  invalid: { width: 2, dash: [], alpha: 0 },
};

const PAINT_ORDER: Outcome[] = ["ignored", "unscored", "matched", "missed", "extra"];

export interface Scene {
  boxes: Boxes;
  labels: readonly Label[];
  transform: Transform;
  panel: Size;
  /** Pixels of the screen in one CSS pixel; edges are put on whole ones, where lines are crisp. */
  ratio: number;
  options: Options;
}

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

function luminance(colour: string): number {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  if (!match) return 0;
  const [red = 0, green = 0, blue = 0] = match.slice(1).map((hex) => {
    const part = Number.parseInt(hex, 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Black or white, whichever contrasts more with the colour. */
export function textOn(colour: string): "#000000" | "#ffffff" {
  return luminance(colour) > 0.179 ? "#000000" : "#ffffff";
}

export function isShown(outcome: Outcome, options: Options): boolean {
  return outcome === "unscored" || (outcome !== "invalid" && options[outcome]);
}

/** Where corners lie in the panel, in CSS pixels. */
export function panelRect(scene: Pick<Scene, "transform" | "ratio">, corners: Float32Array): Rect {
  const { scale, offsetX, offsetY } = scene.transform;
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = corners;
  const onPixel = (value: number): number => Math.round(value * scene.ratio) / scene.ratio;
  const x = onPixel(offsetX + x1 * scale);
  const y = onPixel(offsetY + y1 * scale);
  return { x, y, width: onPixel(offsetX + x2 * scale) - x, height: onPixel(offsetY + y2 * scale) - y };
}

function rectOf(scene: Scene, index: number): Rect {
  return panelRect(scene, scene.boxes.corners.subarray(index * 4, index * 4 + 4));
}

function isInSight(rect: Rect, panel: Size): boolean {
  return rect.x < panel.width && rect.y < panel.height && rect.x + rect.width > 0 && rect.y + rect.height > 0;
}

function colourOf(scene: Scene, index: number): string {
  return scene.labels[scene.boxes.label[index] ?? 0]?.colour ?? FALLBACK_COLOUR;
}

export function shownBoxes(scene: Scene): number[] {
  const shown: number[] = [];
  for (let index = 0; index < scene.boxes.count; index += 1) {
    if (isDrawable(scene.boxes, index) && isShown(outcomeOf(scene.boxes.outcome[index]), scene.options)) {
      shown.push(index);
    }
  }
  return shown;
}

/** Sizes a canvas for the screen's pixels and clears it; afterwards one unit is one CSS pixel. */
export function prepareCanvas(canvas: HTMLCanvasElement, panel: Size, ratio: number): CanvasRenderingContext2D | null {
  const width = Math.max(1, Math.round(panel.width * ratio));
  const height = Math.max(1, Math.round(panel.height * ratio));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) return null;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, width, height);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

export function paintImage(
  context: CanvasRenderingContext2D,
  image: ImageBitmap | null,
  size: Size,
  transform: Transform,
): void {
  const { scale, offsetX, offsetY } = transform;
  const width = size.width * scale;
  const height = size.height * scale;
  if (image && image.width > 0) {
    context.imageSmoothingEnabled = width / image.width < 4;
    context.imageSmoothingQuality = "high";
    context.drawImage(image, offsetX, offsetY, width, height);
  } else {
    context.fillStyle = "rgba(128, 128, 128, 0.14)";
    context.fillRect(offsetX, offsetY, width, height);
    context.strokeStyle = "rgba(128, 128, 128, 0.45)";
    context.lineWidth = 1;
    context.strokeRect(offsetX + 0.5, offsetY + 0.5, width - 1, height - 1);
  }
}

export function strokeGroup(context: CanvasRenderingContext2D, rects: Rect[], colour: string, line: Line, grow: number): void {
  context.setLineDash(line.dash);
  context.globalAlpha = HALO_ALPHA * line.alpha;
  context.strokeStyle = textOn(colour) === "#000000" ? "#000000" : "#ffffff";
  context.lineWidth = line.width + 2 + grow;
  for (const rect of rects) context.strokeRect(rect.x, rect.y, rect.width, rect.height);
  context.globalAlpha = line.alpha;
  context.strokeStyle = colour;
  context.lineWidth = Math.max(line.width + grow, 0.75);
  for (const rect of rects) context.strokeRect(rect.x, rect.y, rect.width, rect.height);
  context.setLineDash([]);
  context.globalAlpha = 1;
}

export function chipText(scene: Scene, index: number): string {
  const { boxes, labels, options } = scene;
  const outcome = outcomeOf(boxes.outcome[index]);
  const score = boxes.score?.[index] ?? Number.NaN;
  const iou = boxes.iou[index] ?? Number.NaN;
  const parts: string[] = [];
  if (options.labels) {
    const text = labels[boxes.label[index] ?? 0]?.text ?? "";
    if (text) parts.push(text.length > 32 ? `${text.slice(0, 31)}…` : text);
    if (outcome === "missed" || outcome === "extra" || outcome === "ignored") parts.push(outcome);
  }
  if (options.scores && !Number.isNaN(score)) parts.push(score.toFixed(2));
  if (options.iou && !Number.isNaN(iou)) parts.push(`IoU ${iou.toFixed(2)}`);
  return parts.join(" · ");
}

function overlaps(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/** Where a chip of the given width goes: at a corner of its box where it covers no other chip, inside the panel. */
export function placeChip(box: Rect, width: number, panel: Size, taken: readonly Rect[]): Rect | null {
  const left = box.x - 1;
  const right = box.x + box.width + 1 - width;
  const above = box.y - CHIP_HEIGHT;
  const below = box.y + box.height;
  const inside = box.y;
  const insideBottom = below - CHIP_HEIGHT;
  const corners: [number, number][] = [
    [left, above],
    [left, inside],
    [left, below],
    [right, above],
    [right, below],
    [left, insideBottom],
    [right, inside],
  ];
  for (const [x, y] of corners) {
    if (y < 0 || y + CHIP_HEIGHT > panel.height) continue;
    const chip = { x: Math.min(Math.max(x, 0), Math.max(panel.width - width, 0)), y, width, height: CHIP_HEIGHT };
    if (!taken.some((other) => overlaps(chip, other))) return chip;
  }
  return null;
}

/** Somewhere inside the panel, as near to the box as other chips allow, further down rather than on top of one. */
function crowdChip(box: Rect, width: number, panel: Size, taken: readonly Rect[]): Rect {
  const x = Math.min(Math.max(box.x - 1, 0), Math.max(panel.width - width, 0));
  const lowest = Math.max(panel.height - CHIP_HEIGHT, 0);
  const top = Math.min(Math.max(box.y - CHIP_HEIGHT, 0), lowest);
  for (let y = top; y <= lowest; y += CHIP_HEIGHT / 2) {
    const chip = { x, y, width, height: CHIP_HEIGHT };
    if (!taken.some((other) => overlaps(chip, other))) return chip;
  }
  return { x, y: top, width, height: CHIP_HEIGHT };
}

function fitText(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let kept = text;
  while (kept.length > 1 && context.measureText(`${kept}…`).width > width) kept = kept.slice(0, -1);
  return `${kept}…`;
}

function paintChip(context: CanvasRenderingContext2D, chip: Rect, text: string, colour: string): void {
  context.fillStyle = colour;
  context.fillRect(chip.x, chip.y, chip.width, chip.height);
  context.fillStyle = textOn(colour);
  context.fillText(text, chip.x + CHIP_PADDING, chip.y + CHIP_HEIGHT / 2 + 0.5);
}

function paintChips(context: CanvasRenderingContext2D, scene: Scene, indices: number[], force: boolean): void {
  const chips = indices.map((index) => ({
    rect: rectOf(scene, index),
    text: chipText(scene, index),
    colour: colourOf(scene, index),
  }));
  paintTexts(context, scene.panel, chips, force);
}

export function paintBoxes(context: CanvasRenderingContext2D, scene: Scene): void {
  const groups = new Map<Outcome, Map<number, Rect[]>>();
  const shown = shownBoxes(scene);
  const colours = new Map<number, string>();
  for (const index of shown) {
    const rect = rectOf(scene, index);
    if (!isInSight(rect, scene.panel)) continue;
    const outcome = outcomeOf(scene.boxes.outcome[index]);
    const label = scene.boxes.label[index] ?? 0;
    const byLabel = groups.get(outcome) ?? new Map<number, Rect[]>();
    groups.set(outcome, byLabel);
    const rects = byLabel.get(label);
    if (rects) rects.push(rect);
    else byLabel.set(label, [rect]);
    if (!colours.has(label)) colours.set(label, colourOf(scene, index));
  }
  const thinner = shown.length >= THIN_FROM ? THINNER : 0;
  for (const outcome of PAINT_ORDER) {
    for (const [label, rects] of groups.get(outcome) ?? []) {
      strokeGroup(context, rects, colours.get(label) ?? FALLBACK_COLOUR, LINES[outcome], thinner);
    }
  }
  if (shown.length <= MOST_CHIPS) paintChips(context, scene, shown, shown.length <= ALWAYS_CHIPS);
}

/** `hasChips`: the boxes were painted with as many chips as there is place for. */
export function paintHighlight(context: CanvasRenderingContext2D, scene: Scene, index: number, hasChips = true): void {
  if (index >= scene.boxes.count || !isDrawable(scene.boxes, index)) return;
  const rect = rectOf(scene, index);
  const colour = colourOf(scene, index);
  context.globalAlpha = 0.22;
  context.fillStyle = colour;
  context.fillRect(rect.x, rect.y, rect.width, rect.height);
  context.globalAlpha = 1;
  strokeGroup(context, [rect], colour, LINES[outcomeOf(scene.boxes.outcome[index])], 1.5);
  const shown = shownBoxes(scene);
  // where every box has its chip, a second one would say it twice: they only go on top of what was painted
  const isSaid = hasChips && shown.length <= ALWAYS_CHIPS;
  paintChips(context, scene, isSaid ? shown : [index], true);
}

interface Chip {
  rect: Rect;
  text: string;
  colour: string;
}

/** Chips beside their boxes, each where it covers none of the earlier; `force`: also where there is no such place. */
export function paintTexts(context: CanvasRenderingContext2D, panel: Size, chips: readonly Chip[], force: boolean): void {
  context.font = CHIP_FONT;
  context.textBaseline = "middle";
  const taken: Rect[] = [];
  for (const { rect, text: whole, colour } of chips) {
    if (!whole || !isInSight(rect, panel)) continue;
    const text = fitText(context, whole, panel.width - 2 * CHIP_PADDING);
    const width = context.measureText(text).width + 2 * CHIP_PADDING;
    const chip = placeChip(rect, width, panel, taken) ?? (force ? crowdChip(rect, width, panel, taken) : null);
    if (!chip) continue;
    taken.push(chip);
    paintChip(context, chip, text, colour);
  }
}

/** The smallest shown box under a point of the panel, within `slack` CSS pixels. */
export function boxAt(scene: Scene, x: number, y: number, slack = 3): number | null {
  let found: number | null = null;
  let smallest = Number.POSITIVE_INFINITY;
  for (const index of shownBoxes(scene)) {
    const rect = rectOf(scene, index);
    const area = rect.width * rect.height;
    const within =
      x >= rect.x - slack &&
      x <= rect.x + rect.width + slack &&
      y >= rect.y - slack &&
      y <= rect.y + rect.height + slack;
    if (within && area < smallest) {
      found = index;
      smallest = area;
    }
  }
  return found;
}
