/** Where the bars of failure modes stacked over the steps lie, in pixels. */
import { type Area, nearestStep, xOf } from "./chart";
import type { ModeCounts } from "../data/modes";

const WIDEST_BAR = 14;
const GAP = 2;

/** A piece of a bar: the specimens that show one mode at one step. */
export interface Segment {
  step: number;
  mode: number;
  count: number;
  x: number;
  y: number;
  height: number;
}

/** As wide as the nearest two steps leave room for. */
export function barWidth(steps: readonly number[], area: Area): number {
  const places = steps.map((step) => xOf(step, steps, area));
  const gaps = places.slice(1).map((x, place) => x - (places[place] as number));
  const room = Math.min(...gaps, WIDEST_BAR + GAP);
  return Math.max(room > 3 * GAP ? room - GAP : room * 0.8, 1);
}

/** The most that is stacked at any step, and at least one. */
export function highestStack(counts: readonly (ModeCounts | undefined)[]): number {
  return Math.max(1, ...counts.map((of) => (of?.counts ?? []).reduce((sum, count) => sum + count, 0)));
}

/** The pieces of all bars, the first mode at the bottom; `step` is the step's place. */
export function segments(steps: readonly number[], counts: readonly (ModeCounts | undefined)[], area: Area): Segment[] {
  const unit = (area.bottom - area.top) / highestStack(counts);
  return steps.flatMap((value, step) => {
    let y = area.bottom;
    const x = xOf(value, steps, area);
    return (counts[step]?.counts ?? []).flatMap((count, mode) => {
      if (count === 0) return [];
      y -= count * unit;
      return [{ step, mode, count, x, y, height: count * unit }];
    });
  });
}

/** The step nearest to a point, and the mode whose piece of that step's bar is at its height; null above the bar. */
export function segmentAt(
  x: number,
  y: number,
  steps: readonly number[],
  counts: readonly (ModeCounts | undefined)[],
  area: Area,
): { step: number; mode: number | null } {
  const step = nearestStep(x, steps, area);
  const found = segments(steps, counts, area).find((one) => one.step === step && y >= one.y && y <= one.y + one.height);
  return { step, mode: found?.mode ?? null };
}
