/** Where the line of a score over the steps lies, in pixels. */
import { type Area, brokenLine, type Point, valueScale, xOf, yOf } from "./chart";

export const SPARK_WIDTH = 52;
export const SPARK_HEIGHT = 20;
const MARGIN = 3;
const AREA: Area = { left: MARGIN, right: SPARK_WIDTH - MARGIN, top: MARGIN, bottom: SPARK_HEIGHT - MARGIN };

export interface Spark {
  /** The line as an SVG path; a step without a value breaks it. */
  path: string;
  /** Where each step's value lies; null where there is none. */
  points: readonly (Point | null)[];
}

export function sparkX(step: number, steps: readonly number[]): number {
  return xOf(step, steps, AREA);
}

export function spark(values: Float32Array, steps: readonly number[], bounds: readonly [number, number] | null): Spark {
  const known = Array.from(values).filter((value) => !Number.isNaN(value));
  const scale = bounds ? { low: bounds[0], high: bounds[1], ticks: [] } : valueScale(known, null);
  const points = steps.map((step, place) => {
    const value = values[place] ?? Number.NaN;
    return Number.isNaN(value) ? null : { x: xOf(step, steps, AREA), y: yOf(value, scale, AREA) };
  });
  const path = brokenLine(points)
    .map((line) => {
      const [first, ...others] = line.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`);
      // a line that ends where it begins is a dot: its ends are round
      return `M${first}L${others.length > 0 ? others.join("L") : first}`;
    })
    .join("");
  return { path, points };
}
