/** What users draw over the panels from Python: asked for once a specimen is open, for all its steps. */
import { computed, effect, signal, untracked } from "@preact/signals";
import type { Client } from "../data/requests";
import { createStepwise } from "../data/stepwise";
import type { Model } from "../model";
import { isOverlaysInfo, type OverlayInfo, type OverlaysInfo } from "../protocol";
import { type DecodePicture, decodeDrawings, type Drawing, pictureInBrowser } from "./drawing";
import type { Failure } from "./layers";

export type Overlays = ReturnType<typeof createOverlays>;
/** A side of the view that is drawn over; a picture that both sides share has all overlays. */
export type OverlaySide = "truth" | "prediction" | "compared" | "image";

const ROWS_KEPT = 16;
const NONE: OverlaysInfo = { version: 0, overlays: [] };
const NO_DRAWINGS: readonly Drawing[] = [];

function isOver(panel: OverlayInfo["panel"], side: OverlaySide): boolean {
  return side === "image" || panel === "both" || (panel === "truth") === (side === "truth");
}

/** `steps` are those of the run, the step in sight first. */
export function createOverlays(
  model: Model,
  client: Client,
  steps: () => readonly number[],
  abort: AbortSignal,
  decode: DecodePicture = pictureInBrowser,
) {
  const info = signal(readInfo());
  const hidden = signal(readHidden());
  /** What the browser could not draw, by side. */
  const failures = signal<ReadonlyMap<OverlaySide, readonly Failure[]>>(new Map());
  let opened: number | null = null;
  let ahead: readonly number[] = [];
  /** What the open specimen showed before it is drawn anew. */
  let before: ReadonlyMap<number, readonly Drawing[]> = new Map();

  const known = createStepwise<number, readonly Drawing[]>(
    async (index, lacking) => {
      const answered = await client.request({ kind: "overlays", index, steps: lacking });
      return { steps: answered.reply.steps, values: await decodeDrawings(answered, decode) };
    },
    steps,
    ROWS_KEPT,
  );

  const visible = computed(() => info.value.overlays.filter(({ name }) => !hidden.value.has(name)));

  /** Why the drawings of the open specimen are lacking, or empty. */
  const message = computed(() => {
    void known.version.value;
    const words = known.message.value;
    return opened !== null && !isWhole(opened) ? words : "";
  });

  function readInfo(): OverlaysInfo {
    const value = model.get("_overlays");
    return isOverlaysInfo(value) ? value : NONE;
  }

  function readHidden(): ReadonlySet<string> {
    const value = model.get("_hidden_overlays");
    return new Set(Array.isArray(value) ? value.filter((name) => typeof name === "string") : []);
  }

  function isWhole(row: number): boolean {
    const values = known.valuesOf(row);
    return steps().every((step) => values.has(step));
  }

  function want(): void {
    known.want(info.peek().overlays.length > 0 ? opened : null);
  }

  /** Asks for the neighbours of the open specimen, once that has all it wants. */
  function advance(): void {
    if (opened === null || info.peek().overlays.length === 0 || !isWhole(opened)) return;
    const next = ahead.find((row) => !isWhole(row));
    if (next !== undefined) known.want(next);
  }

  function drawingsAt(row: number, step: number | null): readonly Drawing[] {
    if (step === null) return NO_DRAWINGS;
    return known.valuesOf(row).get(step) ?? (row === opened ? before.get(step) : undefined) ?? NO_DRAWINGS;
  }

  function infoSet(): void {
    const old = info.peek();
    info.value = readInfo();
    if (info.peek().version !== old.version) {
      before = opened === null ? new Map() : new Map([...before, ...known.valuesOf(opened)]);
      ahead = [];
      known.clear();
    }
    want();
  }

  function listen(event: string, handler: () => void): void {
    model.on(event, handler);
    abort.addEventListener("abort", () => model.off(event, handler));
  }

  listen("change:_overlays", infoSet);
  listen("change:_hidden_overlays", () => {
    hidden.value = readHidden();
  });
  abort.addEventListener(
    "abort",
    effect(() => {
      void known.version.value;
      untracked(advance);
    }),
  );

  return {
    info,
    hidden,
    message,

    /** Asks for what is drawn over a specimen, now that it is open. */
    open(row: number): void {
      if (row !== opened) {
        before = new Map();
        ahead = [];
      }
      opened = row;
      want();
    },

    /** Specimens that are likely to be opened next. */
    readAhead(rows: readonly number[]): void {
      ahead = rows;
      advance();
    },

    retry: want,

    /** What is drawn over a side, from the bottom up. Depends on what has arrived and what is shown. */
    shownAt(row: number, step: number | null, side: OverlaySide): readonly Drawing[] {
      void known.version.value;
      const drawings = drawingsAt(row, step);
      return visible.value
        .filter(({ panel }) => isOver(panel, side))
        .flatMap(({ name }) => drawings.find(({ overlay, message: wrong }) => overlay === name && wrong === "") ?? []);
    },

    /** What went wrong in Python at some steps, and in the browser with what it was given. */
    messagesAt(row: number, at: readonly (number | null)[]): string[] {
      void known.version.value;
      const names = new Set(visible.value.map(({ name }) => name));
      const told = at.flatMap((step) =>
        drawingsAt(row, step).flatMap(({ overlay, message: wrong }) => (wrong !== "" && names.has(overlay) ? [wrong] : [])),
      );
      const failed = [...failures.value.values()].flat().map(({ message: wrong }) => wrong);
      return [...new Set([...told, ...failed])];
    },

    /** Keeps what the browser could not draw on a side at a step. */
    failed(side: OverlaySide, specimen: string, step: number | null, found: readonly Failure[]): void {
      if (found.length === 0 && !failures.peek().has(side)) return;
      const worded = found.map(({ overlay, message: wrong }) => ({
        overlay,
        message: `overlay '${overlay}': ${specimen}, step ${step}: ${wrong}`,
      }));
      const next = new Map(failures.peek());
      if (found.length === 0) next.delete(side);
      else next.set(side, worded);
      if (JSON.stringify([...next]) !== JSON.stringify([...failures.peek()])) failures.value = next;
    },

    setVisible(name: string, shown: boolean): void {
      const next = new Set(hidden.peek());
      if (shown) next.delete(name);
      else next.add(name);
      model.set("_hidden_overlays", [...next]);
      model.save_changes();
    },

    /** Forgets what is there, when the run in view is another. */
    clear(): void {
      opened = null;
      ahead = [];
      before = new Map();
      known.want(null);
      known.clear();
    },
  };
}
