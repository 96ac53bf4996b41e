/** The state of one view as signals, and what may be done to it. */
import { batch, computed, signal } from "@preact/signals";
import { WHOLE, type View } from "./geometry";
import { type WhenIdle, whenIdle } from "./idle";
import { createNames } from "./names";
import { type DecodeImage, decodeInBrowser, holdsSteps, type Pack } from "./pack";
import { createPlayback } from "./playback";
import { isRunInfo, type RunInfo } from "./protocol";
import { type Channel, createClient } from "./requests";
import { createScores } from "./scores";
import { createSpecimens, type Target } from "./specimens";

export const SLOW_MS = 1500;
const MAX_OPENING = 2;

/** The part of the widget's model that the store needs. */
export interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, handler: () => void): void;
  off(event: string, handler: () => void): void;
}

export interface Options {
  labels: boolean;
  scores: boolean;
  iou: boolean;
  matched: boolean;
  missed: boolean;
  extra: boolean;
  ignored: boolean;
}

export type Side = "truth" | "prediction";

export interface Hover {
  side: Side;
  index: number;
}

export type Phase = "loading" | "ready" | "error" | "empty";

export interface Surroundings {
  decode: DecodeImage;
  whenIdle: WhenIdle;
  isVisible: () => boolean;
}

const DEFAULT_HEIGHT = 540;

export type Store = ReturnType<typeof createStore>;

const NO_RUN: RunInfo = { name: "", task: "", steps: [], epochs: [], specimens: 0, score: "", notes: [] };

function readRun(model: Model): RunInfo {
  const value = model.get("_run");
  return isRunInfo(value) ? value : NO_RUN;
}

export function createStore(
  model: Model,
  connecting: Promise<Channel>,
  abort: AbortSignal,
  surroundings: Partial<Surroundings> = {},
) {
  const { decode = decodeInBrowser, whenIdle: idle = whenIdle, isVisible = () => !document.hidden } = surroundings;
  const client = createClient(connecting, abort);

  const run = signal(readRun(model));
  const stepIndex = signal(initialStep());
  const step = computed(() => run.value.steps[stepIndex.value] ?? null);
  const target = signal<Target>({ row: null, name: null });
  const pack = signal<Pack | null>(null);
  const phase = signal<Phase>("loading");
  const message = signal("");
  const stepsMessage = signal("");
  const slow = signal(false);
  const height = signal(readHeight());
  const options = signal<Options>({
    labels: true,
    scores: true,
    iou: false,
    matched: true,
    missed: true,
    extra: true,
    ignored: true,
  });
  const view = signal<View>(WHOLE);
  const hover = signal<Hover | null>(null);
  const menuOpen = signal(false);
  const helpOpen = signal(false);
  const listOpen = signal(false);

  const names = createNames(client, () => run.peek().specimens);
  const scores = createScores(
    client,
    () => run.peek().steps,
    () => run.peek().specimens,
  );
  const specimens = createSpecimens(client, decode);
  const playback = createPlayback(
    {
      atEnd: () => stepIndex.peek() >= run.peek().steps.length - 1,
      rewind: () => showStep(0),
      advance: () => showStep(stepIndex.peek() + 1),
      paused: commitStep,
      isVisible,
    },
    abort,
  );

  let opening = 0;
  let slowTimer: ReturnType<typeof setTimeout> | undefined;

  function readHeight(): number {
    const value = model.get("_height");
    return typeof value === "number" && value > 0 ? value : DEFAULT_HEIGHT;
  }

  function initialStep(): number {
    const { steps } = run.peek();
    const asked = steps.indexOf(model.get("step") as number);
    return asked >= 0 ? asked : steps.length - 1;
  }

  /** Repaints with a step, and tells Python nothing. */
  function showStep(index: number): void {
    const last = run.peek().steps.length - 1;
    const next = Math.min(Math.max(index, 0), last);
    if (next === stepIndex.peek() || last < 0) return;
    batch(() => {
      stepIndex.value = next;
      hover.value = null;
    });
    scores.want(run.peek().steps[next] as number);
  }

  /** Tells Python the step in sight. */
  function commitStep(): void {
    if (step.peek() === null || model.get("step") === step.peek()) return;
    model.set("step", step.peek());
    model.save_changes();
  }

  function moveStep(by: number): void {
    playback.stop();
    showStep(stepIndex.peek() + by);
    commitStep();
  }

  function watchForSlow(): void {
    clearTimeout(slowTimer);
    slow.value = false;
    slowTimer = setTimeout(() => {
      slow.value = true;
    }, SLOW_MS);
  }

  function settled(): void {
    clearTimeout(slowTimer);
    slow.value = false;
  }

  function show(shown: Pack): void {
    batch(() => {
      if (pack.peek()?.reply.index !== shown.reply.index) view.value = WHOLE;
      pack.value = shown;
      hover.value = null;
      target.value = { row: shown.reply.index, name: shown.reply.specimen };
      phase.value = "ready";
      message.value = "";
      stepsMessage.value = "";
      settled();
    });
    if (model.get("specimen") !== shown.reply.specimen) {
      model.set("specimen", shown.reply.specimen);
      model.save_changes();
    }
    const opened = target.peek();
    void complete(shown, opened).then(() => idle(() => void prefetch(opened)));
  }

  async function complete(shown: Pack, opened: Target): Promise<void> {
    try {
      const whole = await specimens.rest(shown, step.peek(), run.peek().steps);
      if (target.peek() === opened && whole !== shown) pack.value = whole;
    } catch (error) {
      if (target.peek() === opened) stepsMessage.value = (error as Error).message;
    }
  }

  async function prefetch(around: Target): Promise<void> {
    const row = around.row ?? 0;
    for (const near of [row + 1, row - 1, row + 2, row + 3]) {
      if (abort.aborted || target.peek() !== around) return;
      const neighbour: Target = { row: near, name: null };
      if (near < 0 || near >= run.peek().specimens || specimens.held(neighbour)) continue;
      try {
        const first = await specimens.first(neighbour, step.peek());
        if (target.peek() === around) await specimens.rest(first, step.peek(), run.peek().steps);
      } catch {
        return;
      }
    }
  }

  /** Shows the target: from memory at once, otherwise when it has arrived, unless another was opened meanwhile. */
  async function load(): Promise<void> {
    const wanted = target.peek();
    const held = specimens.held(wanted);
    if (held) return show(held);
    if (opening >= MAX_OPENING) return;
    opening += 1;
    try {
      const arrived = await specimens.first(wanted, step.peek());
      if (target.peek() === wanted && !abort.aborted) show(arrived);
    } catch (error) {
      if (target.peek() === wanted) {
        batch(() => {
          phase.value = "error";
          message.value = (error as Error).message;
          settled();
        });
      }
    } finally {
      opening -= 1;
      if (target.peek() !== wanted && phase.peek() === "loading" && !abort.aborted) void load();
    }
  }

  function aim(next: Target): void {
    batch(() => {
      target.value = next;
      hover.value = null;
      phase.value = "loading";
      message.value = "";
    });
    watchForSlow();
    void load();
  }

  function openRow(row: number): void {
    const { specimens: total } = run.peek();
    if (total === 0) return;
    const next = Math.min(Math.max(row, 0), total - 1);
    if (next === target.peek().row && phase.peek() !== "error") return;
    aim({ row: next, name: names.at(next) ?? null });
  }

  function openNamed(name: string): void {
    if (name === target.peek().name) return;
    aim({ row: names.rowOf(name), name });
  }

  function retry(): void {
    if (phase.peek() === "error") aim({ ...target.peek() });
    else if (pack.peek()) {
      stepsMessage.value = "";
      void complete(pack.peek() as Pack, target.peek());
    }
  }

  function begin(): void {
    const { specimens: total, steps } = run.peek();
    if (total === 0 || steps.length === 0) {
      phase.value = "empty";
      return;
    }
    scores.want(step.peek() as number);
    const asked = model.get("specimen");
    if (typeof asked === "string") openNamed(asked);
    else openRow(0);
  }

  /** More steps of the same run keep what is there; anything else begins anew. */
  function runChanged(): void {
    const before = run.peek();
    const after = readRun(model);
    const grown =
      before.specimens === after.specimens &&
      before.name === after.name &&
      before.score === after.score &&
      before.steps.length > 0 &&
      before.steps.every((value) => after.steps.includes(value));
    const shownStep = step.peek();
    batch(() => {
      run.value = after;
      stepIndex.value = shownStep !== null && grown ? after.steps.indexOf(shownStep) : initialStep();
    });
    if (grown) {
      scores.want(step.peek() as number);
      const shown = pack.peek();
      if (shown && !holdsSteps(shown, after.steps)) void complete(shown, target.peek());
      return;
    }
    batch(() => {
      names.clear();
      scores.clear();
      specimens.clear();
      pack.value = null;
      target.value = { row: null, name: null };
      phase.value = "loading";
    });
    begin();
  }

  function stepSet(): void {
    const index = run.peek().steps.indexOf(model.get("step") as number);
    if (index < 0 || index === stepIndex.peek()) return;
    playback.stop();
    showStep(index);
  }

  function specimenSet(): void {
    const name = model.get("specimen");
    if (typeof name === "string" && run.peek().specimens > 0) openNamed(name);
  }

  function listen(event: string, handler: () => void): void {
    model.on(event, handler);
    abort.addEventListener("abort", () => model.off(event, handler));
  }

  listen("change:step", stepSet);
  listen("change:specimen", specimenSet);
  listen("change:_run", runChanged);
  listen("change:_height", () => {
    height.value = readHeight();
  });
  abort.addEventListener("abort", () => {
    clearTimeout(slowTimer);
    specimens.clear();
  });
  begin();

  return {
    run,
    stepIndex,
    step,
    target,
    pack,
    phase,
    message,
    stepsMessage,
    slow,
    height,
    options,
    view,
    hover,
    menuOpen,
    helpOpen,
    listOpen,
    names,
    scores,
    playback,
    showStep,
    commitStep,
    moveStep,
    openRow,
    openNamed,
    moveRow: (by: number) => openRow((target.peek().row ?? 0) + by),
    retry,
    idle,
  };
}
