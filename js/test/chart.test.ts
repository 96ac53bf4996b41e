import { describe, expect, it } from "vitest";
import { brokenLine, labelledSteps, nearestStep, tickText, valueScale, xOf, yOf } from "../src/charts/chart";
import { chartWords, scoreText } from "../src/words";

const AREA = { left: 40, right: 240, top: 10, bottom: 110 };
const texts = (values: number[], bounds: [number, number] | null) => {
  const scale = valueScale(values, bounds);
  return scale.ticks.map((tick) => tickText(tick, scale));
};

describe("the axis of values", () => {
  it.each([
    [[0.61, 0.63], [0, 1], ["0.0", "0.5", "1.0"]],
    [[12, 40], [0, 100], ["0", "50", "100"]],
    [[0.61, 0.63], null, ["0.61", "0.62", "0.63"]],
    [[-3, 7], null, ["-5", "0", "5", "10"]],
    [[1200, 3400], null, ["1,000", "2,000", "3,000", "4,000"]],
    [[0.0001, 0.0004], null, ["0.0001", "0.0002", "0.0003", "0.0004"]],
    [[0.25, 1], null, ["0.25", "0.50", "0.75", "1.00"]],
  ] as [number[], [number, number] | null, string[]][])("of %j within %j has round numbers", (values, bounds, expected) => {
    expect(texts(values, bounds)).toEqual(expected);
  });

  it("has room around a value that stays the same, and holds one beyond its bounds", () => {
    const alike = valueScale([40, 40], null);
    expect(alike.low).toBeLessThan(40);
    expect(alike.high).toBeGreaterThan(40);
    expect(valueScale([0], null)).toMatchObject({ low: -1, high: 1 });
    expect(valueScale([1.2], [0, 1])).toMatchObject({ low: 0, high: 1.5 });
  });

  it("is there without a value", () => {
    expect(texts([], null)).toEqual(["0.0", "0.5", "1.0"]);
  });

  it("runs from the bottom to the top", () => {
    const scale = valueScale([], [0, 1]);
    expect([0, 0.5, 1].map((value) => yOf(value, scale, AREA))).toEqual([110, 60, 10]);
  });
});

describe("the axis of steps", () => {
  it("has steps as far apart as they are, and a single one in the middle", () => {
    const steps = [100, 150, 300, 500];
    expect(steps.map((step) => xOf(step, steps, AREA))).toEqual([40, 65, 140, 240]);
    expect(xOf(7, [7], AREA)).toBe(140);
  });

  it("finds the step nearest to a place, also outside", () => {
    const steps = [100, 150, 300, 500];
    expect([-9, 52, 53, 100, 191, 999].map((x) => nearestStep(x, steps, AREA))).toEqual([0, 0, 1, 1, 3, 3]);
  });

  it("writes the numbers that have room, the first and the last before others", () => {
    expect(labelledSteps([0, 20, 50, 90, 100], 30)).toEqual([0, 2, 4]);
    expect(labelledSteps([0, 20], 30)).toEqual([0]);
    expect(labelledSteps([50], 30)).toEqual([0]);
    expect(labelledSteps([], 30)).toEqual([]);
  });
});

it("breaks the line where a value is missing", () => {
  const at = (x: number) => ({ x, y: 0 });
  expect(brokenLine([null, at(1), at(2), null, at(4), null, null, at(7)])).toEqual([[at(1), at(2)], [at(4)], [at(7)]]);
  expect(brokenLine([null, null])).toEqual([]);
});

describe("the chart in words", () => {
  const steps = [10, 20, 30, 40];
  const score = { name: "extra_words", direction: "lower", bounds: null } as const;

  it("says first, last and best value, what is lacking, and which way is better", () => {
    expect(chartWords(score, steps, [5, 2, null, 3])).toBe(
      "extra_words over 4 steps: 5.00 at step 10, 3.00 at step 40. Best: 2.00 at step 20. 1 step without a value. Lower is better.",
    );
    expect(chartWords({ ...score, direction: "higher" }, steps, [5, 2, 9, 3])).toContain("Best: 9.00 at step 30.");
  });

  it("says little of one value, and of none that there is none", () => {
    expect(chartWords(score, [10], [5])).toBe("extra_words over 1 step: 5.00 at step 10. Lower is better.");
    expect(chartWords(score, steps, [null, undefined, null, null])).toBe("extra_words over 4 steps: no values.");
  });

  it("gives numbers of any size few digits", () => {
    expect([0, 1, 0.126, 0.004, -0.0004, 99.5, 123.46, 12345.6].map(scoreText)).toEqual([
      "0.00", "1.00", "0.13", "0.004", "-0.0004", "99.50", "123.5", "12,346",
    ]);
  });
});
