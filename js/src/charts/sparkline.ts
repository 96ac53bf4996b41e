/** Where the line of a score over the steps lies, in pixels. */
import { type Area, brokenLine, type Point, valueScale, xOf, yOf } from "./chart";

export const SPARK_WIDTH = 52;
export const SPARK_HEIGHT = 20;
const MARGIN = 3;
const AREA: Area = { left: MARGIN, right: SPARK_WIDTH - MARGIN, top: MARGIN, bottom: SPARK_HEIGHT - MARGIN };

export interface Spark {
  /** The line as an SVG path; a step without a value breaks it. Through means where steps lie too close for a line. */
  path: string;
  /** From the least to the most of what each point of the path is the mean of, as an SVG path; empty where it is of one. */
  band: string;
  /** Where each step's value lies; null where there is none. */
  points: readonly (Point | null)[];
}

/** Steps closer than this are drawn together, in columns as wide. */
export const COLUMN = 2;

interface Drawn extends Point {
  top: number;
  bottom: number;
}

function columnsOf(points: readonly (Point | null)[]): (Drawn | null)[] {
  const columns: Point[][] = Array.from({ length: Math.ceil((AREA.right - AREA.left) / COLUMN) }, () => []);
  for (const point of points) {
    const at = point && Math.min(Math.floor((point.x - AREA.left) / COLUMN), columns.length - 1);
    if (at !== null) columns[at]?.push(point as Point);
  }
  return columns.map((held) => {
    if (held.length === 0) return null;
    const ys = held.map(({ y }) => y);
    const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    return { x: mean(held.map(({ x }) => x)), y: mean(ys), top: Math.min(...ys), bottom: Math.max(...ys) };
  });
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
  const columns = steps.length * COLUMN > AREA.right - AREA.left ? columnsOf(points) : null;
  const path = brokenLine(columns ?? points)
    .map((line) => {
      const [first, ...others] = line.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`);
      // a line that ends where it begins is a dot: its ends are round
      return `M${first}L${others.length > 0 ? others.join("L") : first}`;
    })
    .join("");
  const band = (columns ?? [])
    .map((one) => (one && one.bottom > one.top ? `M${one.x.toFixed(1)} ${one.top.toFixed(1)}V${one.bottom.toFixed(1)}` : ""))
    .join("");
  return { path, band, points };
}
