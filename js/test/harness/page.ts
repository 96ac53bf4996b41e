/** Development page: `?case=…&width=…&theme=dark&step=…&compare=…` shows the widget over made-up data. */
import widget from "../../src/index";
import type { Question } from "../../src/protocol";
import { answering, FakeChannel, FakeModel, OTHER, RUN, type Scenario, SCENARIO } from "./kernel";

async function picture(): Promise<number[]> {
  const canvas = document.createElement("canvas");
  canvas.width = 640;
  canvas.height = 480;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  const sky = context.createLinearGradient(0, 0, 0, 480);
  sky.addColorStop(0, "#9ec7e8");
  sky.addColorStop(0.6, "#e9e2cf");
  sky.addColorStop(0.61, "#6d8b4f");
  sky.addColorStop(1, "#33471f");
  context.fillStyle = sky;
  context.fillRect(0, 0, 640, 480);
  for (let place = 0; place < 40; place += 1) {
    context.fillStyle = `hsl(${(place * 47) % 360} 30% ${30 + (place % 5) * 10}%)`;
    context.beginPath();
    context.arc((place * 173) % 640, 200 + ((place * 97) % 280), 10 + (place % 6) * 7, 0, 7);
    context.fill();
  }
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
  return [...new Uint8Array(await (blob as Blob).arrayBuffer())];
}

const QUESTIONS: Question[] = [
  {
    item: "q1",
    question: "What is the man next to the bench wearing?",
    references: ["a red jacket", "red jacket", "a red winter jacket with a hood"],
    answers: RUN.steps.map((_, place) => ({
      state: "ok",
      text: place < 2 ? "The image shows a man who appears to be wearing some kind of coat, possibly red or orange in colour, and standing." : "a red jacket",
      raw: null,
      exact_match: place < 2 ? 0 : 1,
      token_f1: place < 2 ? 0.21 : 1,
      bleu: place < 2 ? 0.04 : 1,
    })),
  },
  {
    item: "q2",
    question: "How many dogs are there?",
    references: ["2"],
    answers: RUN.steps.map((_, place) =>
      place === 1 ? null : { state: "unparsable", text: null, raw: '{"answer": two', exact_match: null, token_f1: null, bleu: null },
    ),
  },
  {
    item: "q3",
    question: "Is it raining?",
    references: ["no"],
    answers: RUN.steps.map(() => ({ state: "ok", text: "", raw: "", exact_match: 0, token_f1: 0, bleu: 0 })),
  },
];

const CASES: Record<string, Partial<Scenario>> = {
  grounding: { change: () => ({ caption: "A man in a red jacket sits on the wooden bench beside two dogs and a bicycle." }) },
  vqa: { boxes: 0, questions: QUESTIONS },
  both: { boxes: 3, questions: QUESTIONS.slice(0, 1) },
  missing: { change: () => ({ image: { state: "missing", message: "no such file images/val/specimen_00000.jpg", mime: "" } }) },
  unknown: { boxes: 0, change: () => ({ size: [1, 1], size_known: false, image: { state: "missing", message: "", mime: "" }, annotated: false }) },
  invalid: {
    change: (reply) => ({
      invalid: reply.steps.map(() => [{ state: "malformed", message: "boxes[0]: expected 4 numbers, got 3", raw: '{"bbox_2d": [10, 20, 30], "label": "two dogs"}' }]),
      outputs: reply.steps.map(() => '```json\n[{"bbox_2d": [10, 20, 30], "label": "two dogs"}]\n```'),
    }),
  },
  none: { change: (reply) => ({ statuses: reply.steps.map(() => "no_prediction") }), boxes: 0 },
  empty: { run: { ...RUN, specimens: 0, steps: [], epochs: [], notes: ["The folder runs/a holds no predictions.", "3 files were skipped: unknown format."] } },
  many: { boxes: 2000 },
  crowded: { boxes: 40 },
  error: { fail: (request) => (request.kind === "specimen" ? "FileNotFoundError: predictions/step_250.json" : null) },
  large: { run: { ...RUN, specimens: 100_000, notes: ["12 specimens have no ground truth and are left out of every mean."] } },
  slow: {},
  gaps: { total: (name, step) => (step === 250 ? null : name === "mean_iou" ? 0.3 + step / 2500 : 120 - step / 12) },
  undefined: { total: () => null },
  reading: {},
  broken: { fail: (request) => (request.kind === "summary" ? "ValueError: metric mean_iou: expected 6 numbers, got 'many'" : null) },
  unsortable: { fail: (request) => (request.kind === "scores" && request.score !== "mean_iou" ? "ZeroDivisionError: division by zero" : null) },
  runs: { run: { ...RUN, other: OTHER } },
  lacking: {
    run: { ...RUN, other: OTHER },
    fail: (request) => (request.kind === "specimen" && request.of === "other" ? "the run 'flickr-baseline' does not have this specimen" : null),
  },
  single: { run: { ...RUN, steps: [250], epochs: [2] } },
  steps: {
    run: {
      ...RUN,
      steps: Array.from({ length: 200 }, (_, place) => place * 25),
      epochs: Array.from({ length: 200 }, (_, place) => place / 5),
    },
    total: (_name, step) => (step % 700 === 0 ? null : 0.8 - 0.7 * Math.exp(-step / 900) + 0.03 * Math.sin(step)),
    summarySteps: 500,
  },
};

const query = new URLSearchParams(location.search);
const name = query.get("case") ?? "grounding";
const scenario = { ...SCENARIO, ...CASES[name], image: await picture() };
const channel = new FakeChannel(answering(scenario));
if (name === "reading") channel.held = (request) => request.kind === "summary" && !request.steps.includes(50);
if (name === "slow") channel.held = (request) => request.kind === "specimen";
const model = new FakeModel({
  _run: scenario.run,
  step: query.has("step") ? Number(query.get("step")) : 250,
  compare_step: query.has("compare") ? Number(query.get("compare")) : null,
});
const el = document.getElementById("here") as HTMLElement;
el.style.width = `${query.get("width") ?? 1100}px`;
document.body.dataset.jpThemeLight = query.get("theme") === "dark" ? "false" : "true";
widget.render({ model, el, host: { getModel: async () => channel } });
Object.assign(globalThis, { model, channel });
