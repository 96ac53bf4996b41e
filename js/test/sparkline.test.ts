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

  it("fits values whose bounds are not known", () => {
    const { points } = spark(Float32Array.from([12, 40, 7, 7]), STEPS, null);
    for (const point of points) {
      expect(point?.y).toBeGreaterThan(0);
      expect(point?.y).toBeLessThan(SPARK_HEIGHT);
    }
  });
});
