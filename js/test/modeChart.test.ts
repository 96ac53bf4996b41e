import { describe, expect, it } from "vitest";
import { barWidth, highestStack, segmentAt, segments } from "../src/charts/modeChart";

const AREA = { left: 10, right: 110, top: 0, bottom: 60 };
const STEPS = [0, 50, 100];
const COUNTS = [{ counts: [2, 0, 4], judged: 9 }, { counts: [0, 0, 0], judged: 9 }, undefined];

describe("bars of failure modes", () => {
  it("are stacked from the bottom, none for what is not there", () => {
    expect(highestStack(COUNTS)).toBe(6);
    expect(segments(STEPS, COUNTS, AREA)).toEqual([
      { step: 0, mode: 0, count: 2, x: 10, y: 40, height: 20 },
      { step: 0, mode: 2, count: 4, x: 10, y: 0, height: 40 },
    ]);
  });

  it("are found by a point: the nearest step's, at any distance from its bar", () => {
    expect(segmentAt(30, 50, STEPS, COUNTS, AREA)).toEqual({ step: 0, mode: 0 });
    expect(segmentAt(12, 10, STEPS, COUNTS, AREA)).toEqual({ step: 0, mode: 2 });
    expect(segmentAt(60, 50, STEPS, COUNTS, AREA)).toEqual({ step: 1, mode: null });
  });

  it("are as wide as the nearest steps allow, and can be seen where those are many", () => {
    expect(barWidth(STEPS, AREA)).toBe(14);
    expect(barWidth([0, 1, 100], AREA)).toBe(1);
    const many = Array.from({ length: 200 }, (_, step) => step);
    const wide = { ...AREA, right: 1010 };
    expect(barWidth(many, wide)).toBeLessThan(1000 / 199);
    expect(barWidth([5], AREA)).toBe(14);
  });
});
