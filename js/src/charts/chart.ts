/** Where the points, ticks and lines of a chart over steps lie, in pixels. */

export interface Area {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** The values at the bottom and the top, and those written beside the axis. */
export interface Scale {
  low: number;
  high: number;
  ticks: number[];
}

export interface Point {
  x: number;
  y: number;
}

const INTERVALS = 3;
const ROUND = [1, 2, 2.5, 5, 10];

function roundInterval(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * (ROUND.find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10);
}

/** From the least to the most that a score can be, if known, else round numbers around the values there are. */
export function valueScale(values: readonly number[], bounds: readonly [number, number] | null): Scale {
  let low = Math.min(...values, ...(bounds ?? []));
  let high = Math.max(...values, ...(bounds ?? []));
  if (!Number.isFinite(low)) [low, high] = [0, 1];
  if (low === high) {
    const margin = Math.abs(low) * 0.1 || 1;
    [low, high] = [low - margin, high + margin];
  }
  const interval = roundInterval((high - low) / INTERVALS);
  const first = Math.floor(low / interval + 1e-9);
  const last = Math.ceil(high / interval - 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, place) => (first + place) * interval);
  return { low: first * interval, high: last * interval, ticks };
}

/** As many decimals as tell the ticks apart. */
export function tickText(value: number, { ticks }: Scale): string {
  const interval = (ticks[1] ?? 1) - (ticks[0] ?? 0);
  const decimals = Math.min(Math.max(0, 1 - Math.floor(Math.log10(interval) + 1e-9)), 20);
  const fits = (digits: number): boolean => ticks.every((tick) => Math.abs(Number(tick.toFixed(digits)) - tick) < interval * 1e-6);
  const fewest = Array.from({ length: decimals }, (_, digits) => digits).find(fits) ?? decimals;
  const rounded = Number(value.toFixed(fewest)) + 0;
  return rounded.toLocaleString("en", { minimumFractionDigits: fewest, maximumFractionDigits: fewest });
}

export function yOf(value: number, { low, high }: Scale, area: Area): number {
  return area.bottom - ((value - low) / (high - low)) * (area.bottom - area.top);
}

/** Steps lie as far apart as they are; a single one lies in the middle. */
export function xOf(step: number, steps: readonly number[], area: Area): number {
  const first = steps[0] ?? step;
  const last = steps.at(-1) ?? step;
  const share = last === first ? 0.5 : (step - first) / (last - first);
  return area.left + share * (area.right - area.left);
}

/** The index of the step nearest to a place on the chart. */
export function nearestStep(x: number, steps: readonly number[], area: Area): number {
  let nearest = 0;
  steps.forEach((step, index) => {
    const distance = Math.abs(xOf(step, steps, area) - x);
    if (distance < Math.abs(xOf(steps[nearest] as number, steps, area) - x)) nearest = index;
  });
  return nearest;
}

/** Lines through neighbouring points; a missing one breaks the line. */
export function brokenLine(points: readonly (Point | null)[]): Point[][] {
  const lines: Point[][] = [];
  let line: Point[] = [];
  for (const point of [...points, null]) {
    if (point) line.push(point);
    else if (line.length > 0) {
      lines.push(line);
      line = [];
    }
  }
  return lines;
}

/** Indices of the steps with room for their number under the axis: first and last, then from the left. */
export function labelledSteps(places: readonly number[], room: number): number[] {
  const last = places.length - 1;
  if (last <= 0) return places.map((_, index) => index);
  const labelled = [0];
  for (let index = 1; index < last; index += 1) {
    const x = places[index] as number;
    if (x - (places[labelled.at(-1) as number] as number) >= room && (places[last] as number) - x >= room) labelled.push(index);
  }
  if ((places[last] as number) - (places[0] as number) >= room) labelled.push(last);
  return labelled;
}
