import { expect, it, vi } from "vitest";
import { ghostAlphas, paintGhosts } from "../src/drawing/ghosts";
import { historyOf, momentWords, nextTruth, placeIn, sharedTruth } from "../src/comparing/history";
import { decodePack } from "../src/data/pack";
import { OUTCOMES, type SpecimenReply } from "../src/protocol";
import { decodeBuffers } from "../src/data/requests";
import { answering, asViews } from "./harness/kernel";

const code = (name: (typeof OUTCOMES)[number]): number => OUTCOMES.indexOf(name);

/** Boxes by label and corners; the first is found at steps 10 and 30, at 30 by the step's second prediction. */
async function pack(truth: [label: number, x: number][], names = ["cat", "dog"]) {
  const n = truth.length;
  const rest = Array.from({ length: n - 1 }, () => code("missed"));
  const { names: buffers, buffers: bytes } = asViews({
    truth_corners: truth.flatMap(([, x]) => [x, 0, x + 10, 10]),
    truth_label: truth.map(([label]) => label),
    truth_outcome: ["matched", "missed", "matched"].flatMap((of) => [code(of as "matched"), ...rest]),
    truth_iou: [0.5, Number.NaN, 0.9].flatMap((iou) => [iou, ...rest.map(() => Number.NaN)]),
    truth_match: [0, -1, 1].flatMap((place) => [place, ...rest.map(() => -1)]),
    offsets: [0, 1, 1, 3],
    corners: [1, 0, 11, 10, 50, 50, 60, 60, 2, 0, 12, 10],
    label: [0, 0, 0],
    outcome: [code("matched"), code("extra"), code("matched")],
    iou: [0.5, Number.NaN, 0.9],
  });
  const { message } = answering()({ id: "", kind: "specimen", of: "run", specimen: null, index: 0, step: 50, all_steps: true, image: false });
  const reply: SpecimenReply = {
    ...(message as SpecimenReply),
    steps: [10, 20, 30],
    labels: names.map((text) => ({ text, colour: "#3cb44b" })),
    buffers,
  };
  return decodePack({ reply, buffers: decodeBuffers(buffers, bytes) }, async () => {
    throw new Error("no pictures here");
  });
}

it("is the match of a box at each step, and says where there is none", async () => {
  const moments = historyOf(await pack([[0, 0], [1, 30]]), 0, [10, 20, 30, 40]);
  expect(moments.map(momentWords)).toEqual(["IoU 0.50", "missed", "IoU 0.90", "loading"]);
  expect(moments.map(({ corners }) => corners && [...corners])).toEqual([[1, 0, 11, 10], null, [2, 0, 12, 10], null]);
});

it("goes from box to box and past the last to none", async () => {
  const held = await pack([[0, 0], [1, 30], [0, Number.NaN]]);
  expect(nextTruth(held, null, 1)).toBe(0);
  expect(nextTruth(held, 0, 1)).toBe(1);
  expect(nextTruth(held, 1, 1)).toBeNull();
  expect(nextTruth(held, null, -1)).toBe(1);
  expect(nextTruth(held, 0, -1)).toBeNull();
});

it("finds the same boxes of another run whatever their places and the numbers of labels", async () => {
  const here = await pack([[0, 0], [1, 30]]);
  const turned = sharedTruth(here, await pack([[0, 30], [1, 0]], ["dog", "cat"]));
  expect([...turned.there, ...turned.back, turned.isWhole]).toEqual([1, 0, 1, 0, true]);
  const moved = sharedTruth(here, await pack([[0, 0], [1, 31]]));
  expect([...moved.there, ...moved.back, moved.isWhole]).toEqual([0, -1, 0, -1, false]);
  expect([placeIn(moved.there, 0), placeIn(moved.there, 1), placeIn(moved.there, null)]).toEqual([0, null, null]);
  const fewer = sharedTruth(here, await pack([[1, 30]]));
  expect([...fewer.there, ...fewer.back, fewer.isWhole]).toEqual([-1, 0, 1, false]);
});

it("takes boxes that are there twice one for one", async () => {
  const twice = await pack([[0, 0], [0, 0], [1, 30]]);
  const shared = sharedTruth(twice, twice);
  expect([...shared.there, ...shared.back, shared.isWhole]).toEqual([0, 1, 2, 0, 1, 2, true]);
});

it("paints older matches fainter, and that of the step in sight strongest and last", async () => {
  expect(ghostAlphas(1)).toEqual([0.85]);
  const alphas = ghostAlphas(200);
  expect(alphas[0]).toBeCloseTo(0.1);
  expect(ghostAlphas(3)[0]).toBeCloseTo(0.3);
  expect(alphas.every((alpha, place) => place === 0 || alpha > (alphas[place - 1] as number))).toBe(true);

  const strokes: [x: number, alpha: number][] = [];
  const texts: string[] = [];
  const context = {
    globalAlpha: 1,
    strokeRect: vi.fn((x: number) => strokes.push([x, context.globalAlpha])),
    fillText: (text: string) => texts.push(text),
    fillRect: () => {},
    setLineDash: () => {},
    measureText: (text: string) => ({ width: text.length * 6 }),
  };
  const scene = { transform: { scale: 10, offsetX: 0, offsetY: 20 }, panel: { width: 400, height: 300 }, ratio: 1 };
  const moments = historyOf(await pack([[0, 0]]), 0, [10, 20, 30]);
  paintGhosts(context as unknown as CanvasRenderingContext2D, scene, moments, 10, "#3cb44b");
  expect(strokes.map(([x]) => x)).toEqual([20, 20, 10, 10]);
  expect(strokes.at(-1)?.[1]).toBe(1);
  expect(strokes[1]?.[1]).toBeCloseTo(0.85);
  expect(texts).toEqual(["step 10", "step 30"]);
  expect(context.globalAlpha).toBe(1);
});
