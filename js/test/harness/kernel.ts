/** Stands in for Python: a model, a data channel, and plausible answers made from a seed. */
import { BUFFERS, type BufferName, DRAWING_COMMANDS, LEARNING_STATES, OUTCOMES, type Question, type Reply, type Request, type RunInfo, type SpecimenReply, STATUSES } from "../../src/protocol";
import type { Channel } from "../../src/data/requests";
import type { Model } from "../../src/model";

export type Handler = (message: unknown, buffers?: readonly unknown[]) => void;

export interface Answer {
  message: unknown;
  buffers: readonly unknown[];
}

export class FakeModel implements Model {
  readonly #values: Record<string, unknown>;
  readonly #handlers = new Map<string, Set<() => void>>();
  saves: Record<string, unknown>[] = [];
  #unsaved: Record<string, unknown> = {};

  constructor(values: Record<string, unknown>) {
    this.#values = { step: null, specimen: null, score: "mean_iou", sort_by: "order", sort_reversed: false, compare_step: null, _data: "anywidget:data", ...values };
  }

  get(name: string): unknown {
    return this.#values[name];
  }

  set(name: string, value: unknown): void {
    if (this.#values[name] === value) return;
    this.#values[name] = value;
    this.#unsaved[name] = value;
    this.trigger(`change:${name}`);
  }

  /** As if the page's widget manager had told of an event. */
  trigger(event: string): void {
    for (const handler of [...(this.#handlers.get(event) ?? [])]) handler();
  }

  /** As if Python had set the trait. */
  setFromPython(name: string, value: unknown): void {
    this.set(name, value);
    delete this.#unsaved[name];
  }

  save_changes(): void {
    this.saves.push(this.#unsaved);
    this.#unsaved = {};
  }

  on(event: string, handler: () => void): void {
    const handlers = this.#handlers.get(event) ?? new Set();
    handlers.add(handler);
    this.#handlers.set(event, handlers);
  }

  off(event: string, handler: () => void): void {
    this.#handlers.get(event)?.delete(handler);
  }

  get listeners(): number {
    return [...this.#handlers.values()].reduce((sum, handlers) => sum + handlers.size, 0);
  }
}

/** Answers each request in a later task, or keeps it until `release` where `held` says so. */
export class FakeChannel implements Channel {
  readonly handlers = new Set<Handler>();
  readonly requests: Request[] = [];
  held: (request: Request) => boolean = () => false;
  #waiting: Request[] = [];

  constructor(public answer: (request: Request) => Answer) {}

  send(content: unknown): void {
    const request = content as Request;
    this.requests.push(request);
    if (this.held(request)) this.#waiting.push(request);
    else queueMicrotask(() => this.reply(request));
  }

  reply(request: Request): void {
    const { message, buffers } = this.answer(request);
    this.deliver(message, buffers);
  }

  release(): void {
    this.held = () => false;
    for (const request of this.#waiting.splice(0)) this.reply(request);
  }

  deliver(message: unknown, buffers: readonly unknown[] = []): void {
    for (const handler of [...this.handlers]) handler(message, buffers);
  }

  on(_event: "msg:custom", handler: Handler): void {
    this.handlers.add(handler);
  }

  off(_event: "msg:custom", handler: Handler): void {
    this.handlers.delete(handler);
  }
}

export function asViews(values: Partial<Record<BufferName, number[]>>): { names: BufferName[]; buffers: DataView[] } {
  const names = Object.keys(values) as BufferName[];
  const buffers = names.map((name) => {
    const numbers = values[name] ?? [];
    const type = BUFFERS[name];
    const array = new { u8: Uint8Array, i32: Int32Array, u32: Uint32Array, f32: Float32Array, f64: Float64Array }[type](numbers);
    return new DataView(array.buffer);
  });
  return { names, buffers };
}

export const RUN: RunInfo = {
  name: "flickr-finetune",
  task: "phrase grounding",
  steps: [50, 100, 250, 500, 600, 1000],
  epochs: [0.4, 0.8, 2, 4, 4.8, 8],
  specimens: 100,
  scores: [
    { name: "mean_iou", direction: "higher", bounds: [0, 1] },
    { name: "centre_distance", direction: "lower", bounds: null },
  ],
  modes: [
    { key: "loose_box", name: "loose boxes", meaning: "predicted boxes much larger than the object", definition: "a predicted box with no match", advice: "add tight annotations", of: "boxes" },
    { key: "missed_detection", name: "missed detections", meaning: "ground truth with no prediction", definition: "a ground truth box that no prediction reaches", advice: "more training data", of: "boxes" },
    { key: "false_positive", name: "false positives", meaning: "boxes on background", definition: "a predicted box that matches nothing", advice: "add negative examples", of: "boxes" },
  ],
  good: [
    { key: "tight", name: "tight", meaning: "boxes tight on objects" },
    { key: "everything_found", name: "everything found", meaning: "everything found" },
  ],
  notes: [],
  other: null,
};

export const OTHER = { name: "flickr-baseline", steps: [100, 200, 500], epochs: [null, null, null] };

export function nameOf(row: number): string {
  return `images/val/specimen_${String(row).padStart(5, "0")}.jpg`;
}

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Scenario {
  run: RunInfo;
  boxes: number;
  labels: { text: string; colour: string }[];
  image: number[];
  mime: string;
  questions: Question[];
  partial: boolean;
  change: (reply: SpecimenReply) => Partial<SpecimenReply>;
  fail: (request: Request) => string | null;
  /** The score of a specimen; `chance` is between 0 and 1. */
  score: (name: string, step: number, row: number, chance: number) => number;
  total: (name: string, step: number) => number | null;
  /** How many steps of a summary, and of all else that takes long, one reply holds. */
  summarySteps: number;
  /** The phrases or classes of the ground truth, each with the number of its specimens. */
  labelCounts: { text: string; specimens: number }[];
  found: (row: number, text: string, label: string | null) => boolean;
  /** The bits of the modes of a row at a step; null where it is not judged. */
  modesOf: (row: number, step: number) => number | null;
  overlays: string[];
  /** Why an overlay cannot be drawn, or empty. */
  overlayMessage: (name: string, row: number, step: number) => string;
  learning: (row: number) => { learnedAt: number; forgetting: number; state: (typeof LEARNING_STATES)[number] };
}

const MOST_LABELS = 50;

export const SCENARIO: Scenario = {
  run: RUN,
  boxes: 5,
  labels: [
    { text: "a man in a red jacket", colour: "#e15759" },
    { text: "two dogs", colour: "#4e79a7" },
    { text: "the wooden bench", colour: "#f1ce63" },
    { text: "a bicycle", colour: "#59a14f" },
  ],
  image: [],
  mime: "image/png",
  questions: [],
  partial: false,
  change: () => ({}),
  fail: () => null,
  score: (name, step, _row, chance) =>
    name === "centre_distance" ? 90 * chance * (1 - step / 2000) : Math.min(1, 0.3 + 0.5 * chance + step / 5000),
  total: (name, step) => (name === "centre_distance" ? 45 - step / 50 : 0.55 + step / 5000),
  summarySteps: 2,
  labelCounts: [
    { text: "two dogs", specimens: 50 },
    { text: "a bicycle", specimens: 20 },
  ],
  found: (row, text, label) => nameOf(row).includes(text) && (label === null || row % (label === "two dogs" ? 2 : 5) === 0),
  modesOf: (row, step) => (row % 9 === 8 ? null : (row % 4 === 3 ? 1 : 0) | (row * 50 > step ? 2 : 0) | (row % 6 === 5 ? 4 : 0)),
  overlays: [],
  overlayMessage: () => "",
  learning: (row) =>
    row % 5 === 4
      ? { learnedAt: Number.NaN, forgetting: 0, state: "never_learned" }
      : { learnedAt: row % RUN.steps.length, forgetting: row % 3, state: row % 3 === 2 ? "forgotten" : "learned" },
};

/** What takes long: the answers to what several steps are asked for, some steps at a time. */
function stepwise(scenario: Scenario, request: Request): Answer | null {
  const { run } = scenario;
  const rows = Array.from({ length: run.specimens }, (_, row) => row);
  const first = (steps: number[]) => steps.slice(0, scenario.summarySteps);
  const { id } = request;
  switch (request.kind) {
    case "trends": {
      const steps = first(request.steps);
      const { names, buffers } = asViews({ trends: request.rows.flatMap((row) => steps.map((step) => scoreOf(scenario, request.score, step, row))) });
      return { message: { id, kind: "trends", steps, buffers: names } satisfies Reply, buffers };
    }
    case "learning": {
      const found = rows.map(scenario.learning);
      const { names, buffers } = asViews({
        learned_at: found.map(({ learnedAt }) => learnedAt),
        forgetting: found.map(({ forgetting }) => forgetting),
        learning: found.map(({ state }) => LEARNING_STATES.indexOf(state)),
      });
      return { message: { id, kind: "learning", read: run.steps.length, buffers: names } satisfies Reply, buffers };
    }
    case "search": {
      const { names, buffers } = asViews({ rows: rows.filter((row) => scenario.found(row, request.text, request.label)) });
      return { message: { id, kind: "search", read: run.steps.length, buffers: names } satisfies Reply, buffers };
    }
    case "labels": {
      const found = scenario.labelCounts.filter(({ text }) => text.includes(request.text));
      return { message: { id, kind: "labels", labels: found.slice(0, MOST_LABELS), total: found.length } satisfies Reply, buffers: [] };
    }
    case "modes": {
      const found = rows.map((row) => scenario.modesOf(row, request.step));
      const { names, buffers } = asViews({ modes: found.map((bits) => bits ?? 0), judged: found.map((bits) => (bits === null ? 0 : 1)) });
      return { message: { id, kind: "modes", step: request.step, buffers: names } satisfies Reply, buffers };
    }
    case "mode_counts": {
      const steps = first(request.steps);
      const known = rows.slice(0, 1000);
      const of = steps.map((step) => known.map((row) => scenario.modesOf(row, step)).filter((bits) => bits !== null));
      const counts = of.map((bits) => run.modes.map((_, bit) => bits.filter((one) => (one >> bit) & 1).length));
      return { message: { id, kind: "mode_counts", steps, counts, judged: of.map((bits) => bits.length) } satisfies Reply, buffers: [] };
    }
    case "overlays": {
      const steps = first(request.steps);
      const commands: number[] = [];
      const drawings = steps.map((step) =>
        scenario.overlays.map((overlay) => {
          const at = commands.length;
          const message = scenario.overlayMessage(overlay, request.index, step);
          // a square that begins at the step
          if (message === "") commands.push(DRAWING_COMMANDS.indexOf("fillRect"), 4, 0, step, 0, 0, 0, 9, 0, 9);
          return { overlay, first: at, last: commands.length, message };
        }),
      );
      const { names, buffers } = asViews({ drawing_commands: commands });
      return { message: { id, kind: "overlays", steps, drawings, texts: [], paints: [], images: [], buffers: names } satisfies Reply, buffers };
    }
    case "findings": {
      const steps = first(request.steps);
      const findings = steps.map((step) => {
        const bits = scenario.modesOf(request.index, step);
        return {
          judged: bits !== null,
          good: bits === 0 ? run.good.map(({ key }) => key) : [],
          findings: run.modes.flatMap(({ key }, bit) =>
            ((bits ?? 0) >> bit) & 1
              ? [{ mode: key, severity: 0.5, evidence: `two dogs: ${key} at step ${step}`, ground_truth: bit < 2 ? [bit, 3] : [], prediction: bit === 1 ? [] : [0] }]
              : [],
          ),
        };
      });
      return { message: { id, kind: "findings", steps, findings } satisfies Reply, buffers: [] };
    }
    default:
      return null;
  }
}

/** The score of a row, the same in the list and in its trend; none of every seventh row but one. */
function scoreOf(scenario: Scenario, score: string, step: number, row: number): number {
  return row % 7 === 3 ? Number.NaN : scenario.score(score, step, row, random(step * 7919 + row)());
}

/** Boxes that tighten around the ground truth from step to step, among them a missed and an extra one. */
function specimen(scenario: Scenario, request: Request & { kind: "specimen" }): { reply: SpecimenReply; buffers: DataView[] } {
  const { boxes, labels } = scenario;
  const run = request.of === "other" && scenario.run.other !== null ? { ...scenario.run, ...scenario.run.other } : scenario.run;
  const index = request.index ?? Math.max(0, Array.from({ length: run.specimens }, (_, row) => nameOf(row)).indexOf(request.specimen ?? ""));
  const next = random(index + 1);
  const steps = scenario.partial && !request.all_steps ? run.steps.filter((step) => step === request.step) : run.steps;
  const truth: number[][] = [];
  for (let place = 0; place < boxes; place += 1) {
    const extent = boxes > 100 ? 24 : 120;
    const x = next() * (640 - extent);
    const y = next() * (480 - extent);
    truth.push([x, y, x + extent * (0.6 + 0.4 * next()), y + extent * (0.6 + 0.4 * next())]);
  }
  const code = (name: (typeof OUTCOMES)[number]) => OUTCOMES.indexOf(name);
  const truthOutcome: number[] = [];
  const truthIou: number[] = [];
  const truthMatch: number[] = [];
  const rows = { corners: [] as number[], label: [] as number[], score: [] as number[], outcome: [] as number[], iou: [] as number[] };
  const offsets = [0];
  for (const step of steps) {
    const drift = (request.of === "other" ? 60 : 40) / (1 + run.steps.indexOf(step));
    truth.forEach((box, place) => {
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = box;
      const missed = place % 5 === 3;
      const ignored = place % 11 === 7;
      const moved = [x1 + drift * 0.4, y1 - drift * 0.3, x2 + drift * 0.4, y2 - drift * 0.3];
      const width = x2 - x1 - drift * 0.4;
      const height = y2 - y1 - drift * 0.3;
      const shared = Math.max(width, 0) * Math.max(height, 0);
      const iou = shared / (2 * (x2 - x1) * (y2 - y1) - shared);
      truthOutcome.push(code(ignored ? "ignored" : missed ? "missed" : "matched"));
      truthIou.push(missed || ignored ? Number.NaN : iou);
      truthMatch.push(missed || ignored ? -1 : rows.label.length - (offsets.at(-1) ?? 0));
      if (missed || ignored) return;
      rows.corners.push(...moved);
      rows.label.push(place % labels.length);
      rows.score.push(0.5 + 0.4 * next());
      rows.outcome.push(code("matched"));
      rows.iou.push(iou);
    });
    if (boxes > 0) {
      rows.corners.push(420 - drift, 300, 520, 400 + drift, 560, 380, 639, 470);
      rows.label.push(0, 1 % labels.length);
      rows.score.push(0.31, 0.22);
      rows.outcome.push(code("extra"), code("extra"));
      rows.iou.push(Number.NaN, Number.NaN);
    }
    offsets.push(rows.label.length);
  }
  const { names, buffers } = asViews({
    image: request.image ? scenario.image : [],
    truth_corners: truth.flat(),
    truth_label: truth.map((_, place) => place % labels.length),
    truth_crowd: truth.map(() => 0),
    truth_outcome: truthOutcome,
    truth_iou: truthIou,
    truth_match: truthMatch,
    offsets,
    ...rows,
  });
  const pick = scenario.run.steps.map((step) => steps.includes(step));
  const base: SpecimenReply = {
    id: request.id,
    kind: "specimen",
    specimen: nameOf(index),
    index,
    size: [640, 480],
    size_known: true,
    image: request.image ? { state: "ok", message: "", mime: scenario.mime } : { state: "not_asked", message: "", mime: "" },
    caption: "",
    annotated: true,
    steps,
    statuses: steps.map(() => "ok"),
    invalid: steps.map(() => []),
    outputs: steps.map(() => null),
    labels,
    questions: scenario.questions.map((question) => ({ ...question, answers: question.answers.filter((_, place) => pick[place]) })),
    buffers: names,
  };
  return { reply: { ...base, ...scenario.change(base) }, buffers };
}

export function answering(part: Partial<Scenario> = {}): (request: Request) => Answer {
  const scenario = { ...SCENARIO, ...part };
  const { run } = scenario;
  return (request) => {
    const failure = scenario.fail(request);
    if (failure !== null) return { message: { id: request.id, kind: "error", message: failure }, buffers: [] };
    const part = stepwise(scenario, request);
    if (part !== null) return part;
    if (request.kind === "names") {
      const message: Reply = { id: request.id, kind: "names", names: request.rows.map(nameOf) };
      return { message, buffers: [] };
    }
    if (request.kind === "ranks") {
      const { names, buffers } = asViews({ ranks: Array.from({ length: run.specimens }, (_, row) => row) });
      const message: Reply = { id: request.id, kind: "ranks", buffers: names };
      return { message, buffers };
    }
    if (request.kind === "summary") {
      const steps = request.steps.slice(0, scenario.summarySteps);
      const message: Reply = { id: request.id, kind: "summary", steps, values: steps.map((step) => scenario.total(request.score, step)) };
      return { message, buffers: [] };
    }
    if (request.kind === "scores") {
      const statuses = Array.from({ length: run.specimens }, (_, row) => (row % 7 === 3 ? 1 + (row % STATUSES.length) % 3 : 0));
      const { names, buffers } = asViews({
        scores: statuses.map((status, row) => (status === 0 ? scoreOf(scenario, request.score, request.step, row) : Number.NaN)),
        statuses,
      });
      const message: Reply = { id: request.id, kind: "scores", step: request.step, notes: [], buffers: names };
      return { message, buffers };
    }
    if (request.kind !== "specimen") throw new Error(`no answer to ${request.kind}`);
    const { reply, buffers } = specimen(scenario, request);
    return { message: reply, buffers };
  };
}
