import { describe, expect, it } from "vitest";
import { boxAt, chipText, LINES, placeChip, type Scene, shownBoxes, textOn } from "../src/drawing/paint";
import { OUTCOMES } from "../src/protocol";

const OPTIONS = { labels: true, scores: true, iou: false, matched: true, missed: true, extra: true, ignored: true };
const PANEL = { width: 200, height: 100 };

function scene(outcomes: (typeof OUTCOMES)[number][], corners: number[]): Scene {
  return {
    boxes: {
      count: outcomes.length,
      corners: new Float32Array(corners),
      label: new Uint32Array(outcomes.length),
      outcome: new Uint8Array(outcomes.map((outcome) => OUTCOMES.indexOf(outcome))),
      iou: new Float32Array(outcomes.length).fill(0.5),
      score: new Float32Array(outcomes.length).fill(0.25),
      crowd: null,
    },
    labels: [{ text: "dog", colour: "#ffee00" }],
    transform: { scale: 2, offsetX: 10, offsetY: 0 },
    panel: PANEL,
    ratio: 1,
    options: OPTIONS,
  };
}

it("writes black on light and white on dark colours", () => {
  expect(textOn("#ffee00")).toBe("#000000");
  expect(textOn("#003366")).toBe("#ffffff");
});

it("gives each outcome a line of its own", () => {
  const told = (["matched", "missed", "extra", "ignored"] as const).map((outcome) => JSON.stringify(LINES[outcome]));
  expect(new Set(told).size).toBe(4);
});

describe("chips", () => {
  it("say label, outcome and score as chosen", () => {
    const one = scene(["extra"], [0, 0, 10, 10]);
    expect(chipText(one, 0)).toBe("dog · extra · 0.25");
    expect(chipText({ ...one, options: { ...OPTIONS, scores: false, iou: true } }, 0)).toBe("dog · extra · IoU 0.50");
    expect(chipText({ ...one, options: { ...OPTIONS, labels: false, scores: false } }, 0)).toBe("");
  });

  it("stay inside the panel", () => {
    const atCorner = placeChip({ x: 190, y: 2, width: 30, height: 40 }, 60, PANEL, []);
    expect(atCorner).toEqual({ x: 140, y: 2, width: 60, height: 16 });
  });

  it("do not cover one another", () => {
    const box = { x: 20, y: 40, width: 30, height: 20 };
    const first = placeChip(box, 60, PANEL, []);
    const second = placeChip(box, 60, PANEL, first ? [first] : []);
    expect(first?.y).toBe(24);
    expect(second?.y).toBe(40);
  });
});

describe("boxes", () => {
  const nested = scene(["matched", "missed", "invalid"], [0, 0, 40, 40, 10, 10, 20, 20, Number.NaN, 0, 0, 0]);

  it("are hidden by outcome, and never drawn where invalid", () => {
    expect(shownBoxes(nested)).toEqual([0, 1]);
    expect(shownBoxes({ ...nested, options: { ...OPTIONS, missed: false } })).toEqual([0]);
  });

  it("are found by the pointer, the smallest first", () => {
    expect(boxAt(nested, 10 + 30, 30)).toBe(1);
    expect(boxAt(nested, 10 + 70, 70)).toBe(0);
    expect(boxAt(nested, 190, 95)).toBeNull();
  });
});
