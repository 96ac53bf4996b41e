import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Request } from "../src/protocol";
import { createStore } from "../src/store";
import { answering, FakeChannel, FakeModel, nameOf, RUN, type Scenario } from "./harness/kernel";
import { until } from "./settling";

const TWELVE = { ...RUN, specimens: 12 };

/** Text "even" is in the even rows; "two dogs" in every third; mode bits by row and step below. */
const SCENARIO: Partial<Scenario> = {
  run: TWELVE,
  score: (_name, step, row) => row * 10 + step,
  found: (row, text, label) => (text !== "even" || row % 2 === 0) && (label === null || row % 3 === 0),
  modesOf: (row, step) => (row === 11 ? null : row < step / 100 ? 2 : 0),
  learning: (row) =>
    row === 5
      ? { learnedAt: Number.NaN, forgetting: 0, state: "never_learned" }
      : { learnedAt: 5 - (row % 6), forgetting: row === 7 ? 3 : row % 2, state: row % 4 === 3 ? "forgotten" : "learned" },
};

function start(part: Partial<Scenario> = {}, traits: Record<string, unknown> = {}) {
  const model = new FakeModel({ _run: TWELVE, step: 250, ...traits });
  const channel = new FakeChannel(answering({ ...SCENARIO, ...part }));
  const abort = new AbortController();
  const store = createStore(model, Promise.resolve(channel), abort.signal, {
    decode: async () => ({ width: 1, height: 1, close: () => {} }) as ImageBitmap,
    whenIdle: () => {},
    isVisible: () => true,
  });
  const rows = () => {
    const listed = store.filtering.listed.value;
    return Array.from({ length: listed.count }, (_, place) => listed.rowAt(place));
  };
  const asked = (kind: Request["kind"]) => channel.requests.filter((request) => request.kind === kind);
  return { model, channel, store, rows, asked };
}

async function filtered(filter: Record<string, string>, part: Partial<Scenario> = {}, traits: Record<string, unknown> = {}) {
  const started = start(part, { filter, specimen: nameOf(0), ...traits });
  await until(() => started.store.phase.value === "ready" && !started.store.filtering.pending.value);
  return started;
}

const ALL = Array.from({ length: 12 }, (_, row) => row);

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("a filter", () => {
  it("is none at first, and asks for nothing", async () => {
    const { rows, asked } = await filtered({});
    expect(rows()).toEqual(ALL);
    for (const kind of ["search", "learning", "modes"] as const) expect(asked(kind)).toEqual([]);
  });

  it("narrows by text and label, asked for together", async () => {
    const { rows, asked, store } = await filtered({ text: "even" });
    expect(rows()).toEqual([0, 2, 4, 6, 8, 10]);
    store.narrow({ label: "two dogs" });
    await until(() => rows().length === 2);
    expect(rows()).toEqual([0, 6]);
    expect(asked("search").map((request) => (request as { text: string; label: string }).label)).toEqual([null, "two dogs"]);
  });

  it("narrows by what was learned and forgotten", async () => {
    expect((await filtered({ learning: "forgotten" })).rows()).toEqual([3, 7, 11]);
    expect((await filtered({ learning: "never_learned" })).rows()).toEqual([5]);
  });

  it("narrows by a failure mode, and by having none; what is not judged has neither", async () => {
    expect((await filtered({ mode: "missed_detection" })).rows()).toEqual([0, 1, 2]);
    expect((await filtered({ mode: "none" })).rows()).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it("meets all that is asked", async () => {
    const { rows } = await filtered({ text: "even", learning: "learned", mode: "none" });
    expect(rows()).toEqual([4, 6, 8, 10]);
  });

  it("keeps the order of the list", async () => {
    const { rows } = await filtered({ text: "even" }, {}, { sort_reversed: true });
    expect(rows()).toEqual([10, 8, 6, 4, 2, 0]);
  });

  it("of a mode is that of the step that the slider was let go at", async () => {
    const { rows, store } = await filtered({ mode: "missed_detection" });
    store.showStep(3);
    expect(rows()).toEqual([0, 1, 2]);
    store.commitStep();
    await until(() => rows().length === 5);
    store.moveStep(-1);
    expect(rows()).toEqual([0, 1, 2]);
  });

  it("shows what it did before until it can be met, and says that it is not yet", async () => {
    const { rows, store, channel } = await filtered({ text: "even" });
    channel.held = (request) => request.kind === "learning";
    store.narrow({ learning: "forgotten" });
    await until(() => store.filtering.pending.value);
    expect(rows()).toEqual([0, 2, 4, 6, 8, 10]);
    channel.release();
    await until(() => !store.filtering.pending.value);
    expect(rows()).toEqual([]);
  });

  it("says what is the matter, and is tried again when told to", async () => {
    let broken = true;
    const { rows, store } = start({ fail: ({ kind }) => (broken && kind === "search" ? "MemoryError" : null) }, { filter: { text: "even" } });
    await until(() => store.filtering.message.value === "MemoryError");
    // something is in sight although the list could not be narrowed
    await until(() => store.phase.value === "ready");
    expect(rows()).toEqual(ALL);
    broken = false;
    store.retryFilter();
    await until(() => rows().length === 6);
    expect(store.filtering.message.value).toBe("");
  });

  it("goes on searching until all steps have been searched, and shows what it has", async () => {
    let read = 0;
    const answer = answering(SCENARIO);
    const { channel, store, rows } = start({}, { specimen: nameOf(0) });
    channel.answer = (request) => {
      const answered = answer(request);
      return request.kind === "search" ? { ...answered, message: { ...(answered.message as object), read: (read += 2) } } : answered;
    };
    channel.held = (request) => request.kind === "search" && read >= 2;
    store.narrow({ text: "even" });
    await until(() => rows().length === 6);
    expect(store.filtering.searched.value).toBe(2);
    channel.release();
    await until(() => store.filtering.searched.value === null);
    expect(read).toBe(6);
  });

  it("follows Python, and tells it what its user chooses", async () => {
    const { model, store, rows } = await filtered({});
    const saved = model.saves.length;
    model.setFromPython("filter", { text: "even" });
    await until(() => rows().length === 6);
    expect(model.saves).toHaveLength(saved);
    store.narrow({ mode: "none" });
    store.narrow({ text: "" });
    expect(model.saves.slice(saved)).toEqual([{ filter: { text: "even", mode: "none" } }, { filter: { mode: "none" } }]);
  });

  it("is taken for none of what it does not know", async () => {
    const { rows, store } = await filtered({ learning: "lost", colour: "red" });
    expect(rows()).toEqual(ALL);
    expect(store.filtering.isNarrowed.value).toBe(false);
    store.narrow({ mode: "bad_mood" });
    await until(() => store.filtering.message.value !== "");
    expect(store.filtering.message.value).toBe(
      "failure mode bad_mood: it is not one of loose_box, missed_detection, false_positive",
    );
  });
});

describe("the open specimen", () => {
  it("is the first that is listed where none is named", async () => {
    const { store } = start({}, { filter: { learning: "forgotten" } });
    await until(() => store.phase.value === "ready");
    expect(store.target.value.row).toBe(3);
  });

  it("is the run's first where none is listed", async () => {
    const { store, rows } = start({ found: () => false }, { filter: { text: "even" } });
    await until(() => store.phase.value === "ready");
    expect(store.target.value.row).toBe(0);
    expect(rows()).toEqual([]);
    store.movePlace(1);
    expect(store.target.value.row).toBe(0);
  });

  it("stays open when the filter leaves it out, and the keys go on from where it would stand", async () => {
    const { store, rows } = await filtered({}, {}, { specimen: nameOf(4) });
    store.narrow({ learning: "forgotten" });
    await until(() => rows().length === 3);
    expect(store.target.value.row).toBe(4);
    store.movePlace(1);
    expect(store.target.value.row).toBe(7);
    store.movePlace(-1);
    expect(store.target.value.row).toBe(3);
    store.movePlace(-1);
    expect(store.target.value.row).toBe(3);
  });

  it("has its neighbours of the narrowed list fetched", async () => {
    const idle: (() => void)[] = [];
    const model = new FakeModel({ _run: TWELVE, step: 250, filter: { learning: "forgotten" }, specimen: nameOf(7) });
    const channel = new FakeChannel(answering(SCENARIO));
    const store = createStore(model, Promise.resolve(channel), new AbortController().signal, {
      decode: async () => ({ width: 1, height: 1, close: () => {} }) as ImageBitmap,
      whenIdle: (work) => void idle.push(work),
      isVisible: () => true,
    });
    await until(() => idle.length > 0 && store.filtering.listed.value.count === 3);
    for (const work of idle.splice(0)) work();
    const fetched = () => channel.requests.flatMap((request) => (request.kind === "specimen" && request.index !== null ? [request.index] : []));
    await until(() => fetched().length >= 2);
    expect(new Set(fetched())).toEqual(new Set([11, 3]));
  });
});

describe("sorting by what happened over the steps", () => {
  const CHANGING: Partial<Scenario> = { score: (_name, step, row) => (step === 250 ? [5, 1, 9, Number.NaN][row % 4] ?? 0 : 4) };

  it("is by the change since the step before, the biggest loss first", async () => {
    const { store, rows } = await filtered({}, CHANGING, { sort_by: "change" });
    await until(() => !store.sorting.pending.value);
    expect(store.changesFrom.value).toBe(100);
    expect(rows().slice(0, 3)).toEqual([1, 5, 9]);
    expect(store.sorting.values.value?.values[1]).toBe(-3);
    store.choose({ sort_reversed: true });
    expect(rows().slice(0, 2)).toEqual([2, 6]);
    // what has no score at either step comes last
    expect(rows().at(-1)).toBe(11);
  });

  it("is by the change since the step that is compared with, where there is one", async () => {
    const { model, store } = await filtered({}, CHANGING, { sort_by: "change", compare_step: 1000 });
    expect(store.changesFrom.value).toBe(1000);
    model.setFromPython("compare_step", 50);
    expect(store.changesFrom.value).toBe(50);
  });

  it("begins with what grew most where less is better", async () => {
    const { store, rows } = await filtered({}, CHANGING, { sort_by: "change", score: "centre_distance" });
    await until(() => !store.sorting.pending.value);
    expect(rows()[0]).toBe(2);
  });

  it("leaves the order of the run at the first step, before which there is none", async () => {
    const { store, rows } = await filtered({}, {}, { sort_by: "change", step: 50 });
    expect(store.changesFrom.value).toBeNull();
    expect(store.sorting.pending.value).toBe(false);
    expect(rows()).toEqual(ALL);
  });

  it("is by the step learned at, what never was last either way", async () => {
    const { store, rows, asked } = await filtered({}, {}, { sort_by: "learned_at" });
    await until(() => !store.sorting.pending.value);
    expect(rows()).toEqual([11, 4, 10, 3, 9, 2, 8, 1, 7, 0, 6, 5]);
    store.choose({ sort_reversed: true });
    expect(rows()[0]).toBe(0);
    expect(rows().at(-1)).toBe(5);
    expect(asked("learning")).toHaveLength(1);
  });

  it("is by how often it was forgotten, the most first", async () => {
    const { store, rows } = await filtered({}, {}, { sort_by: "forgetting" });
    await until(() => !store.sorting.pending.value);
    expect(rows().slice(0, 3)).toEqual([7, 1, 3]);
  });

  it("says why it cannot be", async () => {
    const { store } = start({ fail: ({ kind }) => (kind === "learning" ? "no bounds" : null) }, { sort_by: "learned_at" });
    await until(() => store.sorting.failure.value === "no bounds");
    await until(() => store.phase.value === "ready");
    store.choose({ sort_by: "order" });
    expect(store.sorting.failure.value).toBe("");
  });
});

describe("findings", () => {
  it("are asked for at the step in sight first, and are there for all steps", async () => {
    const { store, asked } = await filtered({}, { modesOf: (_row, step) => (step === 250 ? 1 : 0) });
    await until(() => store.findings.valuesOf(0).size === 6);
    expect((asked("findings")[0] as { steps: number[] }).steps.slice(0, 2)).toEqual([250, 100]);
    expect(store.findings.valuesOf(0).get(250)?.findings.map(({ mode }) => mode)).toEqual(["loose_box"]);
    expect(store.findings.valuesOf(0).get(500)?.good).toEqual(["tight", "everything_found"]);
  });

  it("are those of another specimen once it is open", async () => {
    const { store, asked } = await filtered({});
    store.openRow(5);
    await until(() => store.findings.valuesOf(5).size === 6);
    expect(new Set(asked("findings").map((request) => (request as { index: number }).index)).has(5)).toBe(true);
  });
});
