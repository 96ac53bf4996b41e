/** The state of one view as signals, and what may be done to it. */
import { batch, computed, effect, signal, untracked } from "@preact/signals";
import { asksForLessMotion, createBlink } from "./comparing/blink";
import { createComparison } from "./comparing/comparison";
import { WHOLE, type View } from "./drawing/geometry";
import { type Filter, filterOf, traitOf } from "./list/filter";
import { createFiltering } from "./list/filtering";
import { type WhenIdle, whenIdle } from "./data/idle";
import { createLabels } from "./data/labels";
import { createLearning } from "./data/learning";
import { createFindings, createModeCounts, createModes, OF_RUN } from "./data/modes";
import { createNames } from "./data/names";
import { type DecodeImage, decodeInBrowser, holdsSteps, type Pack } from "./data/pack";
import type { Model } from "./model";
import { createOverlays } from "./overlays/overlays";
import { createPlayback } from "./playback";
import { isRunInfo, type RunInfo, type Score, type Sort, SORTS } from "./protocol";
import { type Channel, createClient } from "./data/requests";
import { createScores } from "./data/scores";
import { createSorting } from "./list/sorting";
import { createSpecimens, type Target } from "./data/specimens";
import { createSummary } from "./data/summary";
import { createTrends } from "./data/trends";

export const SLOW_MS = 1500;
const MAX_OPENING = 2;

export interface Options {
  labels: boolean;
  scores: boolean;
  iou: boolean;
  matched: boolean;
  missed: boolean;
  extra: boolean;
  ignored: boolean;
}

export type Side = "truth" | "prediction" | "compared";

/** What the words of answers are held against: nothing, the closest reference, or what A answered. */
export const WORD_BASES = ["none", "reference", "A"] as const;
export type WordBasis = (typeof WORD_BASES)[number];

export interface Hover {
  side: Side;
  index: number;
}

/** What something outside the panels points at: places among the boxes of the specimen at the step in sight, or among its
 * questions where it has nothing else. */
export type Pointed = Record<Exclude<Side, "compared">, readonly number[]>;

/** What of the help is open, and the failure mode or criterion that it was opened for. */
export interface Help {
  section: "keys" | "good" | "modes";
  mode: string | null;
}

export type Phase = "loading" | "ready" | "error" | "empty";

export interface Surroundings {
  decode: DecodeImage;
  whenIdle: WhenIdle;
  isVisible: () => boolean;
  isStill: () => boolean;
}

const DEFAULT_HEIGHT = 540;

export type Store = ReturnType<typeof createStore>;

const NO_RUN: RunInfo = {
  name: "",
  task: "",
  steps: [],
  epochs: [],
  specimens: 0,
  scores: [],
  modes: [],
  good: [],
  notes: [],
  other: null,
};
const NO_SCORE: Score = { name: "", direction: "higher", bounds: null };

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
  const { isStill = asksForLessMotion } = surroundings;
  const client = createClient(connecting, abort);

  const run = signal(readRun(model));
  const stepIndex = signal(initialStep());
  const step = computed(() => run.value.steps[stepIndex.value] ?? null);
  /** The step that the user settled on: while the slider is dragged, the one it was at. */
  const settledStep = signal(step.peek());
  const score = signal(readScore());
  const sortBy = signal(readSort());
  const sortReversed = signal(model.get("sort_reversed") === true);
  const compareStep = signal(readCompareStep());
  const filter = signal(filterOf(model.get("filter")));
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
  const pointed = signal<Pointed | null>(null);
  /** The ground truth box whose matches over all steps are in sight. */
  const chosenTruth = signal<number | null>(null);
  const wordBasis = signal<WordBasis>("none");
  const menuOpen = signal(false);
  const help = signal<Help | null>(null);
  const listOpen = signal(false);
  const chartOpen = signal(false);
  const filtersOpen = signal(false);
  /** How many times its user asked for the field to find text in. */
  const findAsked = signal(0);
  const findingsOpen = signal(false);

  /** The step that changes are counted from: the one compared with, else the one recorded before. */
  const changesFrom = computed(() => {
    const { steps, other } = run.value;
    const compared = other === null ? compareStep.value : null;
    return compared ?? steps[steps.indexOf(settledStep.value as number) - 1] ?? null;
  });

  const names = createNames(client);
  const scores = createScores(
    client,
    () => run.peek().steps,
    () => run.peek().specimens,
  );
  const summary = createSummary(client, () => run.peek().steps);
  const trends = createTrends(client, () => run.peek().steps);
  const learning = createLearning(client, () => run.peek().steps.length);
  const labels = createLabels(client);
  const modes = createModes(client, () => run.peek().specimens);
  const modeCounts = createModeCounts(client, () => run.peek().steps);
  const findings = createFindings(client, nearestSteps);
  const overlays = createOverlays(model, client, nearestSteps, abort);
  const specimens = createSpecimens(client, decode);
  const comparison = createComparison(
    model,
    client,
    decode,
    { run: () => run.value, step: () => step.value, pack: () => pack.value },
    abort,
  );
  const blink = createBlink({ isComparing: () => comparison.on.value, isVisible, isStill }, abort);
  let opening = 0;
  /** Nobody has named a specimen: the first of the list is opened once the list is sorted. */
  let opensFirst = false;
  let slowTimer: ReturnType<typeof setTimeout> | undefined;

  const sorting = createSorting(
    client,
    scores,
    learning,
    () => ({
      by: sortBy.value,
      reversed: sortReversed.value,
      score: score.value,
      step: settledStep.value,
      from: changesFrom.value,
      total: run.value.specimens,
    }),
    arranged,
    abort,
  );
  const filtering = createFiltering(
    client,
    learning,
    modes,
    sorting.order,
    () => ({
      filter: filter.value,
      run: run.value,
      score: score.value.name,
      step: settledStep.value,
    }),
    arranged,
    abort,
  );
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

  function readHeight(): number {
    const value = model.get("_height");
    return typeof value === "number" && value > 0 ? value : DEFAULT_HEIGHT;
  }

  function initialStep(): number {
    const { steps } = run.peek();
    const asked = steps.indexOf(model.get("step") as number);
    return asked >= 0 ? asked : steps.length - 1;
  }

  function readScore(): Score {
    const { scores: offered } = run.peek();
    return offered.find(({ name }) => name === model.get("score")) ?? offered[0] ?? NO_SCORE;
  }

  function readSort(): Sort {
    return SORTS.find((sort) => sort === model.get("sort_by")) ?? "order";
  }

  /** The step that changes are counted from, if the view has one to compare with. */
  function readCompareStep(): number | null {
    const value = model.get("compare_step");
    return typeof value === "number" ? value : null;
  }

  function nearestSteps(): number[] {
    const near = step.peek() ?? 0;
    return [...run.peek().steps].sort((a, b) => Math.abs(a - near) - Math.abs(b - near));
  }

  function wantScores(): void {
    const also = sortBy.peek() === "change" ? changesFrom.peek() : null;
    if (step.peek() !== null) scores.want(step.peek() as number, score.peek().name, also);
  }

  function wantChanges(): void {
    if (sortBy.value === "change" && changesFrom.value !== null) untracked(wantScores);
  }

  function wantLearning(): void {
    const wanted = ["learned_at", "forgetting"].includes(sortBy.value) || filter.value.learning !== null;
    const question = wanted && run.value.steps.length > 0 ? score.value.name : null;
    untracked(() => learning.want(question));
  }

  /** Asks for what the chart shows, while there is one. */
  function wantSummary(): void {
    const shown = menuOpen.value && chartOpen.value && run.value.steps.length > 0;
    const { name } = score.value;
    untracked(() => {
      summary.want(shown ? name : null);
      modeCounts.want(shown && hasModes() ? OF_RUN : null);
    });
  }

  function hasModes(): boolean {
    return run.peek().modes.length > 0;
  }

  /** Asks what is found in the open specimen, once it and its neighbours are there. */
  function wantFindings(): void {
    const { row } = target.peek();
    findings.want(phase.peek() === "ready" && hasModes() ? row : null);
  }

  /** Repaints with a step, and tells Python nothing. */
  function showStep(index: number): void {
    const last = run.peek().steps.length - 1;
    const next = Math.min(Math.max(index, 0), last);
    if (next === stepIndex.peek() || last < 0) return;
    batch(() => {
      stepIndex.value = next;
      hover.value = null;
      pointed.value = null;
    });
    wantScores();
  }

  /** Sorts by the step in sight, and tells Python of it. */
  function commitStep(): void {
    settledStep.value = step.peek();
    if (step.peek() === null || model.get("step") === step.peek()) return;
    model.set("step", step.peek());
    model.save_changes();
  }

  function moveStep(by: number): void {
    playback.stop();
    showStep(stepIndex.peek() + by);
    commitStep();
  }

  function goToStep(to: number): void {
    playback.stop();
    showStep(run.peek().steps.indexOf(to));
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
      if (pack.peek()?.reply.index !== shown.reply.index) {
        view.value = WHOLE;
        chosenTruth.value = null;
      }
      pack.value = shown;
      hover.value = null;
      pointed.value = null;
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
    overlays.open(shown.reply.index);
    void complete(shown, opened).then(() => {
      if (target.peek() === opened) wantFindings();
      idle(() => void prefetch(opened));
    });
  }

  async function complete(shown: Pack, opened: Target): Promise<void> {
    try {
      const whole = await specimens.rest(shown, step.peek(), run.peek().steps);
      if (target.peek() === opened && whole !== shown) pack.value = whole;
    } catch (error) {
      if (target.peek() === opened) stepsMessage.value = (error as Error).message;
    }
  }

  /** Rows of the specimens so many places further in the list. */
  function neighboursOf({ row }: Target, places: readonly number[]): number[] {
    const listed = filtering.listed.peek();
    const found = places.map((by) => listed.placeFrom(row ?? 0, by));
    return found.filter((place) => place >= 0 && place < listed.count).map((place) => listed.rowAt(place));
  }

  async function prefetch(around: Target): Promise<void> {
    if (target.peek() === around) overlays.readAhead(neighboursOf(around, [1, -1]));
    for (const row of neighboursOf(around, [1, -1, 2, 3])) {
      if (abort.aborted || target.peek() !== around) return;
      const neighbour: Target = { row, name: null };
      if (specimens.held(neighbour)) continue;
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

  /** Opens what stands at a place of the list, or at its end. */
  function openPlace(place: number): void {
    const { count, rowAt } = filtering.listed.peek();
    if (count > 0) openRow(rowAt(Math.min(Math.max(place, 0), count - 1)));
  }

  function movePlace(by: number): void {
    const { row } = target.peek();
    openPlace(row === null ? by : filtering.listed.peek().placeFrom(row, by));
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

  function retryScores(): void {
    wantScores();
    sorting.retry();
    learning.retry();
  }

  function retryFilter(): void {
    learning.retry();
    filtering.retry();
  }

  function begin(): void {
    const { specimens: total, steps } = run.peek();
    if (total === 0 || steps.length === 0) {
      phase.value = "empty";
      return;
    }
    wantScores();
    const asked = model.get("specimen");
    opensFirst = typeof asked !== "string";
    if (typeof asked === "string") openNamed(asked);
    else if (sorting.pending.peek() || filtering.pending.peek()) watchForSlow();
    else arranged();
  }

  /** The list has another order or other rows, or cannot have those it waits for. */
  function arranged(): void {
    if (opensFirst) {
      if (sorting.pending.peek() || filtering.pending.peek()) return;
      opensFirst = false;
      if (filtering.listed.peek().count > 0) openPlace(0);
      else openRow(sorting.order.peek().rowAt(0));
    } else if (phase.peek() === "ready") {
      const opened = target.peek();
      idle(() => void prefetch(opened));
    }
  }

  /** More steps of the same run keep what is there; anything else begins anew. */
  function runChanged(): void {
    const before = run.peek();
    const after = readRun(model);
    const grown =
      before.specimens === after.specimens &&
      before.name === after.name &&
      before.steps.length > 0 &&
      before.steps.every((value) => after.steps.includes(value));
    const shownStep = step.peek();
    batch(() => {
      run.value = after;
      stepIndex.value = shownStep !== null && grown ? after.steps.indexOf(shownStep) : initialStep();
      settledStep.value = step.peek();
      score.value = readScore();
    });
    if (grown) {
      trends.clear();
      learning.clear();
      filtering.refresh();
      wantScores();
      wantFindings();
      const shown = pack.peek();
      if (shown) overlays.open(shown.reply.index);
      if (shown && !holdsSteps(shown, after.steps)) void complete(shown, target.peek());
      return;
    }
    batch(() => {
      names.clear();
      scores.clear();
      sorting.clear();
      filtering.clear();
      summary.clear();
      trends.clear();
      learning.clear();
      for (const known of [labels, modes, modeCounts, findings]) known.clear();
      specimens.clear();
      overlays.clear();
      comparison.clear();
      chosenTruth.value = null;
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
    settledStep.value = step.peek();
  }

  function scoreSet(): void {
    score.value = readScore();
    wantScores();
  }

  /** Tells Python, whose traits this view follows as well. */
  function choose(traits: { score?: string; sort_by?: Sort; sort_reversed?: boolean; filter?: Record<string, string> }): void {
    batch(() => {
      for (const [name, value] of Object.entries(traits)) model.set(name, value);
    });
    model.save_changes();
  }

  /** Narrows the list by what is given, and leaves the rest of the filter as it is. */
  function narrow(part: Partial<Filter>): void {
    choose({ filter: traitOf({ ...filter.peek(), ...part }) });
  }

  /** Opens the help, at a failure mode where one is named. */
  function openHelp(section: Help["section"] = "keys", mode: string | null = null): void {
    help.value = { section, mode };
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
  listen("change:score", scoreSet);
  listen("change:sort_by", () => {
    sortBy.value = readSort();
  });
  listen("change:sort_reversed", () => {
    sortReversed.value = model.get("sort_reversed") === true;
  });
  listen("change:compare_step", () => {
    compareStep.value = readCompareStep();
  });
  listen("change:filter", () => {
    filter.value = filterOf(model.get("filter"));
  });
  listen("change:_run", runChanged);
  listen("change:_height", () => {
    height.value = readHeight();
  });
  for (const want of [wantSummary, wantChanges, wantLearning]) abort.addEventListener("abort", effect(want));
  // what was under the pointer is another step's
  abort.addEventListener(
    "abort",
    effect(() => {
      void comparison.step.value;
      hover.value = null;
    }),
  );
  abort.addEventListener("abort", () => {
    clearTimeout(slowTimer);
    specimens.clear();
  });
  begin();

  return {
    run,
    stepIndex,
    step,
    score,
    sortBy,
    sortReversed,
    changesFrom,
    filter,
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
    pointed,
    comparison,
    overlays,
    blink,
    chosenTruth,
    wordBasis,
    menuOpen,
    help,
    listOpen,
    chartOpen,
    filtersOpen,
    findAsked,
    findingsOpen,
    names,
    scores,
    sorting,
    filtering,
    labels,
    trends,
    modeCounts,
    findings,
    summary,
    playback,
    showStep,
    commitStep,
    moveStep,
    goToStep,
    openRow,
    openPlace,
    openNamed,
    movePlace,
    choose,
    narrow,
    openHelp,
    retry,
    retryScores,
    retryFilter,
    wantFindings,
    wantSummary,
    idle,
  };
}
