/** Draws the matches of one ground truth box over all steps: the older the fainter, that of the step in sight strongest. */
import type { Moment } from "../comparing/history";
import { LINES, panelRect, paintTexts, type Rect, type Scene, strokeGroup, textOn } from "./paint";

/** How much of the other boxes is left to see. */
export const DIMMED = 0.22;
const FAINTEST = 0.3;
const STRONGEST = 0.85;
/** More ghosts than this are drawn in thin lines without an outline, and the older fainter: outlines of hundreds that lie
 * on each other would be one dark box. */
const MOST_WIDE = 12;
const FAINTEST_OF_MANY = 0.1;

/** Opacity of each of `count` ghosts, from the first step to the last. */
export function ghostAlphas(count: number): number[] {
  const faintest = count > MOST_WIDE ? FAINTEST_OF_MANY : FAINTEST;
  const rise = count > 1 ? (STRONGEST - faintest) / (count - 1) : 0;
  return Array.from({ length: count }, (_, place) => STRONGEST - rise * (count - 1 - place));
}

function strokeThin(context: CanvasRenderingContext2D, rect: Rect, colour: string, alpha: number): void {
  context.globalAlpha = alpha;
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.strokeRect(rect.x, rect.y, rect.width, rect.height);
}

export type GhostScene = Pick<Scene, "transform" | "panel" | "ratio">;

export function paintGhosts(
  context: CanvasRenderingContext2D,
  scene: GhostScene,
  moments: readonly Moment[],
  step: number | null,
  colour: string,
): void {
  const found = moments.flatMap(({ step: at, corners }) => (corners ? [{ at, rect: panelRect(scene, corners), text: `step ${at}` }] : []));
  const alphas = ghostAlphas(found.length);
  const many = found.length > MOST_WIDE;
  found.forEach(({ at, rect }, place) => {
    if (at === step) return;
    if (many) strokeThin(context, rect, colour, alphas[place] ?? 1);
    else strokeGroup(context, [rect], colour, { ...LINES.matched, width: 1.5, alpha: alphas[place] ?? 1 }, 0);
  });
  context.globalAlpha = 1;
  const now = found.find(({ at }) => at === step);
  if (now) {
    context.globalAlpha = 0.22;
    context.fillStyle = colour;
    context.fillRect(now.rect.x, now.rect.y, now.rect.width, now.rect.height);
    strokeGroup(context, [now.rect], colour, LINES.matched, 1.5);
  }
  const ends = [found[0], found.at(-1)].filter((one) => one !== undefined && one !== now);
  const quiet = textOn(colour) === "#000000" ? "#ffffff" : "#000000";
  paintTexts(
    context,
    scene.panel,
    [...(now ? [{ ...now, colour }] : []), ...ends.map((one) => ({ ...(one as (typeof found)[number]), colour: quiet }))],
    false,
  );
}
