import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Request } from "../src/protocol";
import { createStore } from "../src/store";
import { answering, FakeChannel, FakeModel, nameOf, RUN, type Scenario } from "./harness/kernel";
import { until } from "./settling";

const SIX = { ...RUN, specimens: 6 };
const NONE = Number.NaN;

/** Scores of the six specimens at a step; less is better in centre_distance. */
const SCORES: Record<number, number[]> = { 250: [3, NONE, 1, 2, 3, 5], 500: [1, 2, 3, 4, 5, 6] };

function start(part: Partial<Scenario> = {}, traits: Record<string, unknown> = {}) {
  const model = new FakeModel({ _run: SIX, step: 250, score: "centre_distance", ...traits });
  const scenario = {
    run: SIX,
    score: (_name: string, step: number, row: number) => SCORES[step]?.[row] ?? row,
    ...part,
  };
  const channel = new FakeChannel(answering(scenario));
  const idle: (() => void)[] = [];
  const abort = new AbortController();
  const store = createStore(model, Promise.resolve(channel), abort.signal, {
    decode: async () => ({ width: 1, height: 1, close: () => {} }) as ImageBitmap,
    whenIdle: (work) => void idle.push(work),
    isVisible: () => true,
  });
  const rows = () => Array.from({ length: SIX.specimens }, (_, place) => store.sorting.order.value.rowAt(place));
  const asked = (kind: Request["kind"]) => channel.requests.filter((request) => request.kind === kind);
  return { model, channel, idle, store, rows, asked };
}

async function sortedBy(traits: Record<string, unknown>, part: Partial<Scenario> = {}) {
  const started = start(part, traits);
  await until(() => started.store.phase.value === "ready" && !started.store.sorting.pending.value);
  return started;
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("the list", () => {
  it("is in run order, or turned round, and asks for nothing to be so", async () => {
    const { rows, store, asked } = await sortedBy({});
    expect(rows()).toEqual([0, 1, 2, 3, 4, 5]);
    store.choose({ sort_reversed: true });
    expect(rows()).toEqual([5, 4, 3, 2, 1, 0]);
    expect(asked("ranks")).toEqual([]);
  });

  it("begins with the worst, and ends with what has no score: the highest where lower is better", async () => {
    const { rows, store } = await sortedBy({ sort_by: "score" });
    expect(rows()).toEqual([5, 0, 4, 2, 1, 3]);
    store.choose({ sort_reversed: true });
    expect(rows()).toEqual([2, 0, 4, 5, 1, 3]);
    store.choose({ score: "mean_iou", sort_reversed: false });
    await until(() => rows()[0] === 2);
    expect(rows()).toEqual([2, 0, 4, 5, 1, 3]);
  });

  it("asks once for the ranks of identifiers", async () => {
    const { rows, store, asked } = await sortedBy({ sort_by: "identifier" });
    store.choose({ sort_reversed: true });
    expect(rows()).toEqual([5, 4, 3, 2, 1, 0]);
    store.choose({ sort_by: "order" });
    store.choose({ sort_by: "identifier" });
    expect(asked("ranks")).toHaveLength(1);
  });

  it("follows Python, and tells it what its user chooses", async () => {
    const { rows, store, model } = await sortedBy({});
    const saved = model.saves.length;
    model.setFromPython("sort_by", "score");
    await until(() => rows()[0] === 5);
    expect(model.saves).toHaveLength(saved);
    store.choose({ sort_by: "identifier", sort_reversed: true });
    expect(model.saves.slice(saved)).toEqual([{ sort_by: "identifier", sort_reversed: true }]);
  });

  it("is what the keys for the next and the previous specimen go through", async () => {
    const { store } = await sortedBy({ sort_by: "score", specimen: nameOf(0) });
    expect(store.target.value.row).toBe(0);
    store.movePlace(1);
    expect(store.target.value.row).toBe(4);
    store.movePlace(-2);
    expect(store.target.value.row).toBe(5);
    store.openPlace(99);
    expect(store.target.value.row).toBe(3);
  });

  it("has its neighbours fetched in its order, anew when that changes", async () => {
    const { store, idle, asked } = await sortedBy({ sort_by: "score", specimen: nameOf(5) });
    const fetched = () => asked("specimen").map((request) => (request as { index: number }).index).slice(1);
    await until(() => idle.length > 0);
    for (const work of idle.splice(0)) work();
    await until(() => fetched().length === 3);
    expect(fetched()).toEqual([0, 4, 2]);
    store.choose({ sort_reversed: true });
    for (const work of idle.splice(0)) work();
    await until(() => fetched().length === 5);
    expect(fetched().slice(3)).toEqual([1, 3]);
  });
});

describe("the first specimen", () => {
  it("is the first of the sorted list, once it is sorted", async () => {
    const { channel, store, asked } = start({}, { sort_by: "score" });
    channel.held = (request) => request.kind === "scores";
    await until(() => asked("scores").length > 0);
    expect(asked("specimen")).toEqual([]);
    channel.release();
    await until(() => store.phase.value === "ready");
    expect(store.target.value.row).toBe(5);
  });

  it("is the run's where the list cannot be sorted", async () => {
    const { store } = start({ fail: ({ kind }) => (kind === "scores" ? "ValueError" : null) }, { sort_by: "score" });
    await until(() => store.phase.value === "ready");
    expect(store.target.value.row).toBe(0);
    expect(store.scores.message.value).toBe("ValueError");
  });

  it("is the one that has been named, whatever the order", async () => {
    expect((await sortedBy({ sort_by: "score", specimen: nameOf(3) })).store.target.value.row).toBe(3);
  });
});

describe("the slider", () => {
  it("sorts anew when it is let go, and not while it is dragged", async () => {
    const { rows, store, channel } = await sortedBy({ sort_by: "score" });
    await until(() => channel.requests.filter(({ kind }) => kind === "scores").length === SIX.steps.length);
    const before = rows();
    store.showStep(3);
    expect(store.step.value).toBe(500);
    expect(store.scores.at(500, "centre_distance", 0)?.score).toBe(1);
    expect(rows()).toEqual(before);
    store.commitStep();
    expect(rows()).toEqual([5, 4, 2, 1, 0, 3]);
  });

  it("keeps the order there was until the scores of its step have arrived", async () => {
    const { rows, store, channel } = start({}, { sort_by: "score" });
    channel.held = (request) => request.kind === "scores" && request.step !== 250;
    await until(() => store.phase.value === "ready");
    store.moveStep(1);
    expect(rows()).toEqual([5, 0, 4, 2, 1, 3]);
    expect(store.sorting.pending.value).toBe(true);
    channel.release();
    await until(() => !store.sorting.pending.value);
    expect(rows()).toEqual([5, 4, 2, 1, 0, 3]);
  });
});

describe("what cannot be had", () => {
  it("is said of scores, leaves the order as it was, and is tried again when told to", async () => {
    let broken = true;
    const { rows, store } = await sortedBy(
      {},
      { fail: (request) => (request.kind === "scores" && request.score === "centre_distance" && broken ? "ZeroDivisionError" : null) },
    );
    store.choose({ sort_by: "score" });
    await until(() => store.scores.message.value === "ZeroDivisionError");
    expect(rows()).toEqual([0, 1, 2, 3, 4, 5]);
    broken = false;
    store.retryScores();
    await until(() => rows()[0] === 5);
    expect(store.scores.message.value).toBe("");
  });

  it("is said of identifiers, and is tried again when told to", async () => {
    let broken = true;
    const { store, rows } = await sortedBy({}, { fail: ({ kind }) => (kind === "ranks" && broken ? "MemoryError" : null) });
    store.choose({ sort_by: "identifier", sort_reversed: true });
    await until(() => store.sorting.message.value === "MemoryError");
    broken = false;
    store.retryScores();
    await until(() => rows()[0] === 5);
  });

  it("does not keep the scores of other steps from coming", async () => {
    const { store, asked } = await sortedBy(
      {},
      { fail: (request) => (request.kind === "scores" && request.step === 500 ? "malformed" : null) },
    );
    await until(() => asked("scores").length === SIX.steps.length);
    await until(() => store.scores.all(1000, "centre_distance") !== undefined);
    expect(store.scores.message.value).toBe("");
    store.moveStep(1);
    await until(() => store.scores.message.value === "malformed");
  });
});
