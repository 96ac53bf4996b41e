import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { STEP_MS } from "../src/playback";
import type { Request } from "../src/protocol";
import { createStore, SLOW_MS } from "../src/store";
import { PACKS_KEPT } from "../src/data/specimens";
import { answering, FakeChannel, FakeModel, nameOf, RUN, type Scenario } from "./harness/kernel";
import { until } from "./settling";

const bitmap = () => ({ width: 640, height: 480, close: vi.fn() });

function start(part: Partial<Scenario> = {}, traits: Record<string, unknown> = {}) {
  const model = new FakeModel({ _run: part.run ?? RUN, step: 250, ...traits });
  const channel = new FakeChannel(answering({ image: [1], ...part }));
  const abort = new AbortController();
  const idle: (() => void)[] = [];
  const bitmaps: ReturnType<typeof bitmap>[] = [];
  const store = createStore(model, Promise.resolve(channel), abort.signal, {
    decode: async () => {
      bitmaps.push(bitmap());
      return bitmaps.at(-1) as unknown as ImageBitmap;
    },
    whenIdle: (work) => void idle.push(work),
    isVisible: () => true,
  });
  const specimenRequests = () => channel.requests.filter((request) => request.kind === "specimen");
  return { model, channel, abort, idle, bitmaps, store, specimenRequests };
}

async function ready(part: Partial<Scenario> = {}, traits: Record<string, unknown> = {}) {
  const started = start(part, traits);
  await until(() => started.store.phase.value === "ready");
  return started;
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("step", () => {
  it("starts at the model's step, or at the last", () => {
    expect(start().store.step.value).toBe(250);
    expect(start({}, { step: null }).store.step.value).toBe(1000);
  });

  it("tells Python nothing while it is dragged, and once on release", async () => {
    const { model, channel, store } = await ready();
    await until(() => channel.requests.filter(({ kind }) => kind === "scores").length === RUN.steps.length);
    const asked = channel.requests.length;
    const saved = model.saves.length;
    for (const index of [3, 4, 5, 4]) store.showStep(index);
    expect(store.step.value).toBe(600);
    expect(model.saves).toHaveLength(saved);
    expect(channel.requests).toHaveLength(asked);
    store.commitStep();
    store.commitStep();
    expect(model.saves.slice(saved)).toEqual([{ step: 600 }]);
  });

  it("follows Python, and ignores a step that was not recorded", async () => {
    const { model, store } = await ready();
    const saved = model.saves.length;
    model.setFromPython("step", 500);
    expect(store.step.value).toBe(500);
    model.setFromPython("step", 501);
    expect(store.step.value).toBe(500);
    expect(model.saves).toHaveLength(saved);
  });

  it("follows Python also while playing, and tells it nothing back", async () => {
    const { model, store } = await ready({}, { step: 50 });
    store.playback.play();
    vi.advanceTimersByTime(STEP_MS);
    const saved = model.saves.length;
    model.setFromPython("step", 600);
    expect(store.step.value).toBe(600);
    expect(store.playback.playing.value).toBe(false);
    expect(model.get("step")).toBe(600);
    expect(model.saves).toHaveLength(saved);
  });

  it("stays within the recorded steps", async () => {
    const { store } = await ready();
    store.showStep(99);
    expect(store.step.value).toBe(1000);
    store.moveStep(1);
    expect(store.step.value).toBe(1000);
    store.showStep(-5);
    expect(store.step.value).toBe(50);
  });

  it("plays to the end, stops there, tells Python then, and begins anew", async () => {
    const { model, store } = await ready({}, { step: 500 });
    const saved = model.saves.length;
    store.playback.play();
    vi.advanceTimersByTime(STEP_MS);
    expect(store.step.value).toBe(600);
    expect(model.saves).toHaveLength(saved);
    vi.advanceTimersByTime(STEP_MS * 5);
    expect(store.step.value).toBe(1000);
    expect(store.playback.playing.value).toBe(false);
    expect(model.saves.slice(saved)).toEqual([{ step: 1000 }]);
    store.playback.play();
    expect(store.step.value).toBe(50);
    store.playback.pause();
  });
});

describe("specimen", () => {
  it("opens the first, or the one the model names, and writes it back", async () => {
    const first = await ready();
    expect(first.model.get("specimen")).toBe(nameOf(0));
    expect(first.model.saves).toContainEqual({ specimen: nameOf(0) });
    const named = await ready({}, { specimen: nameOf(42) });
    expect(named.store.target.value).toEqual({ row: 42, name: nameOf(42) });
    expect(named.model.saves).toEqual([]);
  });

  it("follows Python", async () => {
    const { model, store } = await ready();
    model.setFromPython("specimen", nameOf(7));
    await until(() => store.pack.value?.reply.index === 7);
    expect(store.phase.value).toBe("ready");
  });

  it("asks a second time, for all steps and without the image, where steps are lacking", async () => {
    const { store, specimenRequests, bitmaps } = await ready({ partial: true });
    await until(() => store.pack.value?.reply.steps.length === RUN.steps.length);
    const [first, second] = specimenRequests() as (Request & { kind: "specimen" })[];
    expect([first?.all_steps, first?.image, first?.step]).toEqual([false, true, 250]);
    expect([second?.all_steps, second?.image, second?.index]).toEqual([true, false, 0]);
    expect(specimenRequests()).toHaveLength(2);
    expect(store.pack.value?.image).toBe(bitmaps[0]);
  });

  it("does not ask a second time where the first reply holds all steps", async () => {
    const { specimenRequests, idle } = await ready();
    await until(() => idle.length === 1);
    expect(specimenRequests()).toHaveLength(1);
  });

  it("fetches neighbours only when idle, and shows them without asking", async () => {
    const { store, idle, specimenRequests } = await ready();
    await until(() => idle.length === 1);
    idle.shift()?.();
    await until(() => specimenRequests().length === 4);
    expect(specimenRequests().map((request) => (request as { index: number }).index)).toEqual([0, 1, 2, 3]);
    store.openRow(2);
    expect(store.phase.value).toBe("ready");
    expect(store.pack.value?.reply.index).toBe(2);
    expect(specimenRequests()).toHaveLength(4);
  });

  it("keeps 32, and closes the bitmaps of those it forgets", async () => {
    const { store, bitmaps } = await ready();
    for (let row = 1; row <= PACKS_KEPT; row += 1) {
      store.openRow(row);
      await until(() => store.pack.value?.reply.index === row);
    }
    expect(bitmaps).toHaveLength(PACKS_KEPT + 1);
    expect(bitmaps[0]?.close).toHaveBeenCalledTimes(1);
    expect(bitmaps[1]?.close).not.toHaveBeenCalled();
  });

  it("shows the specimen opened last, whichever reply comes first", async () => {
    const { store, channel, model } = await ready();
    channel.held = (request) => request.kind === "specimen";
    for (const row of [10, 20, 30]) store.openRow(row);
    channel.release();
    await until(() => store.pack.value?.reply.index === 30);
    expect(model.saves.map((save) => save.specimen)).toEqual([nameOf(0), nameOf(30)]);
  });

  it("says when the kernel is slow, and goes on waiting", async () => {
    const { store, channel } = start();
    channel.held = () => true;
    await until(() => channel.requests.length > 0);
    vi.advanceTimersByTime(SLOW_MS);
    expect(store.slow.value).toBe(true);
    expect(store.phase.value).toBe("loading");
    channel.release();
    await until(() => store.phase.value === "ready");
    expect(store.slow.value).toBe(false);
  });

  it("reports an error and tries again when told to", async () => {
    let broken = true;
    const { store } = start({ fail: (request) => (request.kind === "specimen" && broken ? "OSError: gone" : null) });
    await until(() => store.phase.value === "error");
    expect(store.message.value).toBe("OSError: gone");
    broken = false;
    store.retry();
    await until(() => store.phase.value === "ready");
    expect(store.message.value).toBe("");
  });
});

describe("scores", () => {
  it("are asked for the step in sight first, then for the others", async () => {
    const { channel } = await ready();
    await until(() => channel.requests.filter(({ kind }) => kind === "scores").length === RUN.steps.length);
    const steps = channel.requests.flatMap((request) => (request.kind === "scores" ? [request.step] : []));
    expect(steps[0]).toBe(250);
    expect([...steps].sort((a, b) => a - b)).toEqual(RUN.steps);
  });
});

describe("summary", () => {
  it("does not take the failure of one score for that of the next", async () => {
    const { store, channel } = await ready({
      fail: (request) => (request.kind === "summary" && request.score === "mean_iou" ? "ValueError" : null),
    });
    channel.held = ({ kind }) => kind === "summary";
    store.menuOpen.value = true;
    store.chartOpen.value = true;
    await until(() => channel.requests.some(({ kind }) => kind === "summary"));
    store.choose({ score: "centre_distance" });
    channel.release();
    await until(() => store.summary.valuesOf("centre_distance").size === RUN.steps.length);
    expect(store.summary.message.value).toBe("");
    store.choose({ score: "mean_iou" });
    await until(() => store.summary.message.value === "ValueError");
  });
});

describe("run", () => {
  it("that is empty asks for nothing", () => {
    const { store, channel } = start({ run: { ...RUN, specimens: 0 } });
    expect(store.phase.value).toBe("empty");
    expect(channel.requests).toEqual([]);
  });

  it("that grows keeps step and specimen, and fetches what is new", async () => {
    const { model, channel, store } = await ready();
    const grown = { ...RUN, steps: [...RUN.steps, 2000], epochs: [...RUN.epochs, 16] };
    channel.answer = answering({ run: grown });
    model.setFromPython("_run", grown);
    expect(store.step.value).toBe(250);
    await until(() => store.pack.value?.placeOfStep.has(2000) === true);
    expect(store.pack.value?.reply.index).toBe(0);
  });

  it("that grows has its new step in the open chart", async () => {
    const { model, channel, store } = await ready();
    store.menuOpen.value = true;
    store.chartOpen.value = true;
    await until(() => store.summary.valuesOf("mean_iou").size === RUN.steps.length);
    const grown = { ...RUN, steps: [...RUN.steps, 2000], epochs: [...RUN.epochs, 16] };
    channel.answer = answering({ run: grown });
    model.setFromPython("_run", grown);
    await until(() => store.summary.valuesOf("mean_iou").has(2000));
    const asked = channel.requests.flatMap((request) => (request.kind === "summary" ? [request.steps] : []));
    expect(asked.at(-1)).toEqual([2000]);
  });

  it("that is another begins anew: list, order and chart", async () => {
    const { model, channel, store } = await ready({}, { sort_reversed: true });
    store.menuOpen.value = true;
    store.chartOpen.value = true;
    await until(() => store.summary.valuesOf("mean_iou").size === RUN.steps.length);
    const other = { ...RUN, name: "other", specimens: 40 };
    channel.answer = answering({ run: other, total: () => 0.125 });
    model.setFromPython("_run", other);
    expect(store.sorting.order.value.rowAt(0)).toBe(39);
    await until(() => store.summary.valuesOf("mean_iou").get(1000) === 0.125);
    await until(() => store.phase.value === "ready");
  });
});

it("leaves no listener and no bitmap behind", async () => {
  const { model, channel, abort, bitmaps } = await ready();
  abort.abort();
  expect(model.listeners).toBe(0);
  expect(channel.handlers.size).toBe(0);
  expect(bitmaps[0]?.close).toHaveBeenCalled();
});
