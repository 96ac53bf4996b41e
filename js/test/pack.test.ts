import { describe, expect, it } from "vitest";
import { countOutcomes, decodePack, predictionMatched, predictionsAt, truthAt, truthMatched } from "../src/data/pack";
import { OUTCOMES, type SpecimenReply } from "../src/protocol";
import { decodeBuffers } from "../src/data/requests";
import { asViews } from "./harness/kernel";

const code = (name: (typeof OUTCOMES)[number]): number => OUTCOMES.indexOf(name);

async function pack(image: Partial<SpecimenReply["image"]> = {}) {
  const { names, buffers } = asViews({
    image: [1, 2, 3],
    truth_corners: [0, 0, 10, 10, 20, 20, 30, 30],
    truth_label: [0, 0],
    truth_crowd: [0, 1],
    truth_outcome: [code("missed"), code("ignored"), code("matched"), code("missed")],
    truth_iou: [Number.NaN, Number.NaN, 90 / 110, Number.NaN],
    truth_match: [-1, -1, 0, -1],
    offsets: [0, 1, 3],
    corners: [50, 50, 60, 60, 1, 0, 11, 10, 70, 70, 80, 80],
    label: [0, 0, 0],
    score: [0.1, 0.9, Number.NaN],
    outcome: [code("extra"), code("matched"), code("extra")],
    iou: [Number.NaN, 90 / 110, Number.NaN],
  });
  const reply: SpecimenReply = {
    id: "a:0",
    kind: "specimen",
    specimen: "a.jpg",
    index: 0,
    size: [100, 100],
    size_known: true,
    image: { state: "ok", message: "", mime: "image/png", ...image },
    caption: "",
    annotated: true,
    steps: [10, 70],
    statuses: ["ok", "ok"],
    invalid: [[], []],
    outputs: [null, null],
    labels: [{ text: "dog", colour: "#ff0000" }],
    questions: [],
    buffers: names,
  };
  return decodePack({ reply, buffers: decodeBuffers(names, buffers) }, async () => {
    throw new Error("no pictures here");
  });
}

describe("boxes at a step", () => {
  it("are the step's own predictions and verdicts", async () => {
    const held = await pack();
    const late = predictionsAt(held, 70);
    expect(late?.count).toBe(2);
    expect([...(late?.corners ?? [])]).toEqual([1, 0, 11, 10, 70, 70, 80, 80]);
    expect([...truthAt(held, 10).outcome]).toEqual([code("missed"), code("ignored")]);
    expect([...truthAt(held, 70).outcome]).toEqual([code("matched"), code("missed")]);
  });

  it("are unknown for a step that is not there", async () => {
    const held = await pack();
    expect(predictionsAt(held, 40)).toBeNull();
    expect([...truthAt(held, 40).outcome]).toEqual([code("unscored"), code("unscored")]);
  });
});

it("counts a match once and takes the longer of two accounts of invalid ones", async () => {
  const held = await pack();
  expect(countOutcomes(truthAt(held, 70), predictionsAt(held, 70), 2)).toEqual({
    unscored: 0,
    matched: 1,
    missed: 1,
    extra: 1,
    ignored: 0,
    invalid: 2,
  });
});

it("finds the box a match was made with", async () => {
  const held = await pack();
  expect(predictionMatched(held, 70, 0)).toBe(0);
  expect(truthMatched(held, 70, 0)).toBe(0);
  expect(predictionMatched(held, 70, 1)).toBeNull();
  expect(truthMatched(held, 70, 1)).toBeNull();
  expect(predictionMatched(held, 10, 0)).toBeNull();
  expect(predictionMatched(held, 40, 0)).toBeNull();
  expect(truthMatched(held, null, 0)).toBeNull();
});

it("says in words why there is no image", async () => {
  expect((await pack()).imageMessage).toBe("image unreadable: the browser cannot decode it");
  expect((await pack({ state: "missing", message: "no file" })).imageMessage).toBe("image missing: no file");
  expect((await pack({ state: "unreadable", message: "truncated" })).imageMessage).toBe("image unreadable: truncated");
});
