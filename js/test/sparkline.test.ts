import { describe, expect, it } from "vitest";
import { SPARK_HEIGHT, SPARK_WIDTH, spark, sparkX } from "../src/charts/sparkline";

const STEPS = [0, 50, 100, 400];
const line = (...values: number[]) => spark(Float32Array.from(values), STEPS, [0, 1]);

describe("a sparkline", () => {
  it("goes through the values, each where its step lies", () => {
    const { points, path } = line(0, 0.5, 0.75, 1);
    expect(points.map((point) => point?.x)).toEqual(STEPS.map((step) => sparkX(step, STEPS)));
    expect(points[0]?.y).toBeGreaterThan(points[3]?.y as number);
    expect(path.match(/M/g)).toHaveLength(1);
    expect(path.match(/L/g)).toHaveLength(3);
    for (const point of points) {
      expect(point?.x).toBeGreaterThan(0);
      expect(point?.x).toBeLessThan(SPARK_WIDTH);
      expect(point?.y).toBeGreaterThan(0);
      expect(point?.y).toBeLessThan(SPARK_HEIGHT);
    }
  });

  it("is broken by a step without a value, and is a dot beside one", () => {
    const { points, path } = line(0.2, Number.NaN, 0.4, 0.6);
    expect(points[1]).toBeNull();
    expect(path.match(/M/g)).toHaveLength(2);
    expect(path).toMatch(/^M(\S+ \S+)L\1M/);
  });

  it("is empty where there is no value", () => {
    expect(line(Number.NaN, Number.NaN, Number.NaN, Number.NaN).path).toBe("");
  });

  it("of more steps than it has room for goes through means, with a band from the least to the most", () => {
    const steps = Array.from({ length: 200 }, (_, place) => place * 100);
    const values = Float32Array.from(steps, (_, place) => (place < 100 ? place % 2 : 1));
    const { path, band, points } = spark(values, steps, [0, 1]);
    const [low, high] = [points[0]?.y as number, points[1]?.y as number];
    const heights = (path.match(/ [\d.]+/g) ?? []).map(Number);
    expect(heights.length).toBeLessThanOrEqual(SPARK_WIDTH / 2);
    expect(heights[0]).toBeGreaterThan(high + 1);
    expect(heights[0]).toBeLessThan(low - 1);
    expect(heights.at(-1)).toBeCloseTo(high, 1);
    const bands = [...band.matchAll(/M(\S+) (\S+)V([\d.]+)/g)].map(([, x, top, bottom]) => [Number(x), Number(top), Number(bottom)]);
    expect(bands[0]?.slice(1)).toEqual([high, low]);
    expect(bands.every(([x]) => (x as number) <= sparkX(steps[100] as number, steps))).toBe(true);
    expect(points).toHaveLength(200);
  });

  it("of many steps is broken where no step of a column has a value, and draws no band around one value", () => {
    const steps = Array.from({ length: 200 }, (_, place) => place);
    const { path, band } = spark(Float32Array.from(steps, (step) => (step > 80 && step < 120 ? Number.NaN : 0.5)), steps, [0, 1]);
    expect(path.match(/M/g)).toHaveLength(2);
    expect(band).toBe("");
    expect(line(0, 0.5, 0.75, 1).band).toBe("");
  });

  it("fits values whose bounds are not known", () => {
    const { points } = spark(Float32Array.from([12, 40, 7, 7]), STEPS, null);
    for (const point of points) {
      expect(point?.y).toBeGreaterThan(0);
      expect(point?.y).toBeLessThan(SPARK_HEIGHT);
    }
  });
});
