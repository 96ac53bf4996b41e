/** Draws the matches of one ground truth box over all steps: the older the fainter, that of the step in sight strongest. */
import type { Moment } from "../comparing/history";
import { type Line, LINES, panelRect, paintTexts, type Scene, strokeGroup, textOn } from "./paint";

/** How much of the other boxes is left to see. */
export const DIMMED = 0.22;
const FAINTEST = 0.3;
const STRONGEST = 0.85;
/** More ghosts than this are drawn in thin lines. */
const MOST_WIDE = 12;

/** Opacity of each of `count` ghosts, from the first step to the last. */
export function ghostAlphas(count: number): number[] {
  const rise = count > 1 ? (STRONGEST - FAINTEST) / (count - 1) : 0;
  return Array.from({ length: count }, (_, place) => STRONGEST - rise * (count - 1 - place));
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
  const line = (alpha: number): Line => ({ ...LINES.matched, width: found.length > MOST_WIDE ? 1 : 1.5, alpha });
  found.forEach(({ at, rect }, place) => {
    if (at !== step) strokeGroup(context, [rect], colour, line(alphas[place] ?? 1), 0);
  });
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
