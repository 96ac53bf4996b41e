import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Answered } from "../src/data/requests";
import { frameOf } from "../src/overlays/layers";
import { type CommandName, decodeDrawings, type Drawing } from "../src/overlays/drawing";
import { type Frame, REPLAYED, replay } from "../src/overlays/replay";
import { DRAWING_ARGUMENTS, DRAWING_COMMANDS, DRAWING_NUMBERS, DRAWING_STYLES, type OverlaysReply } from "../src/protocol";
import { createStore } from "../src/store";
import { answering, FakeChannel, FakeModel, RUN, type Scenario } from "./harness/kernel";
import { until } from "./settling";

type Call = [string, ...unknown[]];
type Told = number | [kind: (typeof DRAWING_ARGUMENTS)[number], place: number];

const FRAME: Frame = { scale: 2, x: 10, y: 20, width: 100, height: 50, clips: false };

/** Commands as Python packs them. */
function packed(...commands: [CommandName, ...Told[]][]): number[] {
  return commands.flatMap(([name, ...args]) => [
    DRAWING_COMMANDS.indexOf(name),
    args.length,
    ...args.flatMap((one) => (typeof one === "number" ? [0, one] : [DRAWING_ARGUMENTS.indexOf(one[0]), one[1]])),
  ]);
}

async function decoded(numbers: number[], more: Partial<OverlaysReply> = {}, buffers: Answered<OverlaysReply>["buffers"] = {}): Promise<Drawing> {
  const reply: OverlaysReply = {
    id: "1",
    kind: "overlays",
    steps: [1],
    drawings: [[{ overlay: "marks", first: 0, last: numbers.length, message: "" }]],
    texts: [],
    paints: [],
    images: [],
    buffers: [],
    ...more,
  };
  const answered = { reply, buffers: { drawing_commands: new Float64Array(numbers), ...buffers } };
  const [[drawing] = []] = await decodeDrawings(answered, async (bytes, mime) => {
    if (mime === "image/broken") throw new Error("no image");
    return { bytes: [...bytes], mime } as unknown as CanvasImageSource;
  });
  return drawing as Drawing;
}

/** A canvas that notes what is done with it. */
function noting() {
  const calls: Call[] = [];
  const gradient = { addColorStop: (...args: unknown[]) => calls.push(["addColorStop", ...args]) };
  const context = new Proxy({} as Record<string, unknown>, {
    get: (_, name: string) => (...args: unknown[]) => {
      calls.push([name, ...args]);
      return name.startsWith("create") ? gradient : undefined;
    },
    set: (_, name: string, value) => {
      calls.push([`${name}=`, value === gradient ? "gradient" : value]);
      return true;
    },
  });
  return { calls, context: context as unknown as CanvasRenderingContext2D };
}

/** What a drawing does after its frame is set and before that is undone. */
function replayed(drawing: Drawing, frame: Frame = FRAME): Call[] {
  const { calls, context } = noting();
  replay(context, drawing, frame);
  expect(calls.slice(0, 3)).toEqual([["save"], ["setTransform", frame.scale, 0, 0, frame.scale, frame.x, frame.y], ["beginPath"]]);
  expect(calls.at(-1)).toEqual(["restore"]);
  return calls.slice(3, -1);
}

describe("a replay", () => {
  it("knows every command", () => {
    expect([...DRAWING_COMMANDS].filter((name) => !REPLAYED.has(name))).toEqual([]);
  });

  it("calls the canvas with what was recorded", async () => {
    const numbers = packed(["fillText", ["text", 0], 3, 4], ["fillText", ["text", 0], 3, 4, 50], ["arc", 1, 2, 3, 0, 1, 1], ["stroke"]);
    expect(replayed(await decoded(numbers, { texts: ["<b>"] }))).toEqual([
      ["fillText", "<b>", 3, 4],
      ["fillText", "<b>", 3, 4, 50],
      ["arc", 1, 2, 3, 0, 1, 1],
      ["stroke"],
    ]);
  });

  it("draws one shape for each element, and one of numbers alone", async () => {
    const arrays = new Uint8Array(new Float32Array([1.5, 2.5, 0, 0]).buffer);
    const buffers = { drawing_arrays: arrays, drawing_parts: new Uint32Array([DRAWING_NUMBERS.indexOf("f32"), 0, 2]) };
    const rects = packed(["fillRects", ["array", 0], 7, 3, 4], ["fillRects", 1, 2, 3, 4]);
    expect(replayed(await decoded(rects, {}, buffers))).toEqual([
      ["fillRect", 1.5, 7, 3, 4],
      ["fillRect", 2.5, 7, 3, 4],
      ["fillRect", 1, 2, 3, 4],
    ]);
  });

  it("styles each shape, and leaves the styles as they were", async () => {
    const arrays = new Uint8Array(24);
    arrays.set([1, 2, 3, 4, 5, 6]);
    arrays.set([9, 8], 8);
    const [u8] = [DRAWING_NUMBERS.indexOf("u8")];
    const buffers = { drawing_arrays: arrays, drawing_parts: new Uint32Array([u8, 0, 6, u8, 8, 2]) };
    const rects = packed(["strokeStyledRects", ["array", 1], 0, 5, 5, ["array", 0], 0.5]);
    expect(replayed(await decoded(rects, {}, buffers))).toEqual([
      ["save"],
      ["strokeStyle=", "rgba(1, 2, 3, 0.5)"],
      ["strokeRect", 9, 0, 5, 5],
      ["strokeStyle=", "rgba(4, 5, 6, 0.5)"],
      ["strokeRect", 8, 0, 5, 5],
      ["restore"],
    ]);
  });

  it("keeps what the drawing does to the transform inside that of the view", async () => {
    const numbers = packed(["setTransform", 1, 0, 0, 1, 5, 6], ["scale", 3, 3], ["resetTransform"], ["clear"]);
    expect(replayed(await decoded(numbers))).toEqual([
      ["setTransform", 2, 0, 0, 2, 10, 20],
      ["transform", 1, 0, 0, 1, 5, 6],
      ["scale", 3, 3],
      ["setTransform", 2, 0, 0, 2, 10, 20],
      ["clearRect", 0, 0, 100, 50],
    ]);
  });

  it("scales what the canvas does not: shadows and filters", async () => {
    const style = (name: (typeof DRAWING_STYLES)[number]) => DRAWING_STYLES.indexOf(name);
    const numbers = packed(
      ["set", style("shadowBlur"), 3],
      ["set", style("shadowOffsetX"), -4],
      ["set", style("lineWidth"), 3],
      ["set", style("filter"), ["text", 0]],
    );
    expect(replayed(await decoded(numbers, { texts: ["blur(1.5px) drop-shadow(-2px .5px 0 red)"] }))).toEqual([
      ["shadowBlur=", 6],
      ["shadowOffsetX=", -8],
      ["lineWidth=", 3],
      ["filter=", "blur(3px) drop-shadow(-4px 1px 0 red)"],
    ]);
  });

  it("restores what the drawing saved, and no more than that", async () => {
    const numbers = packed(["restore"], ["save"], ["save"], ["restore"], ["save"]);
    expect(replayed(await decoded(numbers)).map(([name]) => name)).toEqual(["save", "save", "restore", "save", "restore", "restore"]);
  });

  it("restores all after an error", async () => {
    const drawing = await decoded(packed(["save"], ["drawImage", ["image", 0], 1, 2]), { images: ["image/broken"] }, { drawing_image_offsets: new Uint32Array([0, 0]) });
    const { calls, context } = noting();
    expect(() => replay(context, drawing, FRAME)).toThrow("the browser cannot decode the image");
    expect(calls.slice(3).map(([name]) => name)).toEqual(["save", "restore", "restore"]);
  });

  it("restores all after an error among styled shapes", async () => {
    const drawing = await decoded(packed(["fillStyledCircles", 1, 2, -3, 0, 1]));
    const { calls, context } = noting();
    const refusing = new Proxy(context, {
      get: (target, name: "arc" | "save") =>
        name === "arc"
          ? () => {
              throw new Error("negative");
            }
          : target[name],
    });
    expect(() => replay(refusing, drawing, FRAME)).toThrow("negative");
    const count = (wanted: string) => calls.filter(([name]) => name === wanted).length;
    expect(count("save")).toBe(2);
    expect(count("restore")).toBe(2);
  });

  it("draws inside the image alone where its size is known", async () => {
    expect(replayed(await decoded([]), { ...FRAME, clips: true })).toEqual([["rect", 0, 0, 100, 50], ["clip"], ["beginPath"]]);
  });

  it("is as large as the image lies in the panel, in pixels of the screen", () => {
    const frame = frameOf({ width: 100, height: 50 }, true, { scale: 3, offsetX: 5, offsetY: 6 }, 2);
    expect(frame).toEqual({ scale: 6, x: 10, y: 12, width: 100, height: 50, clips: true });
  });

  it("draws images and paints", async () => {
    const more = {
      images: ["image/png", "image/jpeg"],
      paints: [{ kind: "linear" as const, numbers: [0, 0, 9, 0], stops: [[0, "red"]] as [number, string][], image: null, repetition: "" }],
    };
    const buffers = { drawing_images: new Uint8Array([1, 2, 3]), drawing_image_offsets: new Uint32Array([0, 1, 3]) };
    const numbers = packed(["putImageData", ["image", 1], 4, 5], ["drawImage", ["image", 0], 4, 5, 6, 7], ["set", 0, ["paint", 0]]);
    expect(replayed(await decoded(numbers, more, buffers))).toEqual([
      ["drawImage", { bytes: [2, 3], mime: "image/jpeg" }, 4, 5],
      ["drawImage", { bytes: [1], mime: "image/png" }, 4, 5, 6, 7],
      ["createLinearGradient", 0, 0, 9, 0],
      ["addColorStop", 0, "red"],
      ["fillStyle=", "gradient"],
    ]);
  });
});

describe("the overlays of a view", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  const told = (version: number, ...names: string[]) => ({ version, overlays: names.map((name) => ({ name, panel: "prediction" })) });

  async function ready(names: string[], part: Partial<Scenario> = {}, traits: Record<string, unknown> = {}) {
    const scenario: Partial<Scenario> = { image: [1], overlays: names, ...part };
    const model = new FakeModel({ _run: RUN, step: 250, _overlays: told(names.length, ...names), ...traits });
    const channel = new FakeChannel((request) => answering(scenario)(request));
    const abort = new AbortController();
    const idle: (() => void)[] = [];
    const store = createStore(model, Promise.resolve(channel), abort.signal, {
      decode: async () => ({ width: 640, height: 480, close: () => {} }) as unknown as ImageBitmap,
      whenIdle: (work) => void idle.push(work),
      isVisible: () => true,
    });
    await until(() => store.phase.value === "ready");
    const asked = () => channel.requests.flatMap((request) => (request.kind === "overlays" ? [request] : []));
    const shown = (step: number, side: "truth" | "prediction" = "prediction") =>
      store.overlays.shownAt(0, step, side).map(({ overlay }) => overlay);
    const isWhole = () => RUN.steps.every((step) => store.overlays.shownAt(0, step, "image").length > 0);
    return { model, channel, store, idle, scenario, asked, shown, isWhole };
  }

  it("are asked for once a specimen is open, the step in sight first, in as many parts as it takes", async () => {
    const { asked, isWhole, shown } = await ready(["marks", "map"]);
    await until(isWhole);
    expect(asked().map(({ index, steps }) => [index, steps.length, steps[0]])).toEqual([
      [0, 6, 250],
      [0, 4, 50],
      [0, 2, 600],
    ]);
    expect(shown(250)).toEqual(["marks", "map"]);
    expect(shown(250, "truth")).toEqual([]);
  });

  it("are not asked for where there are none", async () => {
    const { asked, model, scenario, isWhole } = await ready([]);
    expect(asked()).toEqual([]);
    scenario.overlays = ["marks"];
    model.setFromPython("_overlays", told(1, "marks"));
    await until(isWhole);
    expect(asked().length).toBe(3);
  });

  it("are drawn anew for a new version, and stay in sight until they are", async () => {
    const { asked, channel, model, isWhole, shown } = await ready(["marks"]);
    await until(isWhole);
    channel.held = (request) => request.kind === "overlays";
    model.setFromPython("_overlays", told(2, "marks"));
    await until(() => asked().length === 4);
    expect(shown(50)).toEqual(["marks"]);
    channel.release();
    await until(() => asked().length === 6);
  });

  it("are ordered, removed and hidden without a question", async () => {
    const { asked, model, store, isWhole, shown } = await ready(["marks", "map"]);
    await until(isWhole);
    model.setFromPython("_overlays", told(2, "map", "marks"));
    expect(shown(50)).toEqual(["map", "marks"]);
    store.overlays.setVisible("map", false);
    expect(model.saves.at(-1)).toEqual({ _hidden_overlays: ["map"] });
    expect(shown(50)).toEqual(["marks"]);
    model.setFromPython("_hidden_overlays", []);
    model.setFromPython("_overlays", told(2, "map"));
    expect(shown(50)).toEqual(["map"]);
    expect(asked().length).toBe(3);
  });

  it("are read ahead of the neighbours once the open specimen has all, and of no others", async () => {
    const { asked, channel, idle, store, isWhole } = await ready(["marks"]);
    await until(isWhole);
    await until(() => idle.length > 0);
    for (const work of idle.splice(0)) work();
    await until(() => asked().filter(({ index }) => index === 1).length === 3);
    expect([...new Set(asked().map(({ index }) => index))]).toEqual([0, 1]);
    const before = channel.requests.length;
    store.movePlace(1);
    await until(() => store.pack.value?.reply.index === 1);
    expect(channel.requests.slice(before).filter(({ kind }) => kind === "overlays")).toEqual([]);
  });

  it("say what went wrong at the steps in sight, not of neighbours, and not of what is hidden", async () => {
    const overlayMessage = (name: string, row: number, step: number) => (name === "map" && (step === 50 || row > 0) ? `${name} ${row} ${step}` : "");
    const { idle, store, asked, isWhole } = await ready(["marks", "map"], { overlayMessage });
    await until(isWhole);
    await until(() => idle.length > 0);
    for (const work of idle.splice(0)) work();
    await until(() => asked().filter(({ index }) => index === 1).length === 3);
    expect(store.overlays.messagesAt(0, [250])).toEqual([]);
    expect(store.overlays.messagesAt(0, [250, 50])).toEqual(["map 0 50"]);
    expect(store.overlays.shownAt(0, 50, "prediction").map(({ overlay }) => overlay)).toEqual(["marks"]);
    store.overlays.setVisible("map", false);
    expect(store.overlays.messagesAt(0, [250, 50])).toEqual([]);
  });

  it("say what the browser could not draw, until it can", async () => {
    const { store } = await ready(["marks"]);
    store.overlays.failed("prediction", "a.png", 50, [{ overlay: "marks", message: "no" }]);
    expect(store.overlays.messagesAt(0, [250])).toEqual(["overlay 'marks': a.png, step 50: no"]);
    store.overlays.failed("prediction", "a.png", 100, []);
    expect(store.overlays.messagesAt(0, [250])).toEqual([]);
  });

  it("say why they could not be had, of the open specimen, and are asked for again", async () => {
    let broken = true;
    const fail = (request: { kind: string }) => (request.kind === "overlays" && broken ? "the kernel is busy" : null);
    const { store, isWhole } = await ready(["marks"], { fail });
    await until(() => store.overlays.message.value !== "");
    expect(store.overlays.message.value).toBe("the kernel is busy");
    broken = false;
    store.overlays.retry();
    await until(isWhole);
    expect(store.overlays.message.value).toBe("");
  });
});
