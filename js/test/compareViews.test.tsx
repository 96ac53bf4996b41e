import { describe, expect, it, vi } from "vitest";
import { BLINK_MS } from "../src/comparing/blink";
import { actionOf } from "../src/keyboard";
import type { Question, Request } from "../src/protocol";
import { nameOf, OTHER, RUN, type Scenario } from "./harness/kernel";
import { shown } from "./mounted";
import { until } from "./settling";

const TWO_RUNS = { run: { ...RUN, other: OTHER } };

function answer(text: string | null) {
  return { state: text === null ? "unparsable" : "ok", text, raw: null, exact_match: 0, token_f1: 0, bleu: 0 };
}

function questions(...texts: (string | null)[]): Question[] {
  const answers = RUN.steps.map((_, place) => answer(texts[Math.min(place, texts.length - 1)] ?? null));
  return [{ item: "q", question: "What is worn?", references: ["a red jacket", "red"], answers }];
}

const compared = (part: Partial<Scenario> = {}, step = 50) => shown(part, { compare_step: step });
const heading = (panel: HTMLElement) => panel.querySelector("h3")?.textContent;
const requested = (requests: Request[], of: string) => requests.filter((one) => one.kind === "specimen" && one.of === of);

describe("a second step", () => {
  it("stands between ground truth and the step in sight, and asks Python for nothing", async () => {
    const { el, one, text, model, channel, press } = await compared();
    expect([...el.querySelectorAll(".ew-panel")].map((panel) => (panel as HTMLElement).dataset.testid)).toEqual([
      "panel-truth",
      "panel-compared",
      "panel-prediction",
    ]);
    expect([heading(one("panel-compared")), heading(one("panel-prediction"))]).toEqual([
      "Astep 50 · epoch 0.4",
      "Bstep 250 · epoch 2.0",
    ]);
    expect([text("legend-compared"), text("legend")]).toEqual(["A4 matched · 1 missed · 2 extra", "B4 matched · 1 missed · 2 extra"]);
    await until(() => channel.requests.filter(({ kind }) => kind === "scores").length === RUN.steps.length);
    const asked = channel.requests.length;
    press("ArrowRight", one("root"), { shiftKey: true });
    await until(() => heading(one("panel-compared")) === "Astep 100 · epoch 0.8");
    expect(model.get("compare_step")).toBe(100);
    press("ArrowLeft", one("root"), { shiftKey: true });
    press("ArrowRight");
    await until(() => heading(one("panel-prediction")) === "Bstep 500 · epoch 4.0");
    expect(heading(one("panel-compared"))).toBe("Astep 50 · epoch 0.4");
    expect(channel.requests).toHaveLength(asked);
  });

  it("is chosen in the menu, by its key and from Python, and taken back by each", async () => {
    const { all, one, model, press } = await shown();
    expect(all("panel-compared")).toHaveLength(0);
    press("c");
    await until(() => all("panel-compared").length === 1);
    expect(model.saves).toContainEqual({ compare_step: 100 });
    press("c");
    await until(() => all("panel-compared").length === 0);
    press("m");
    await until(() => all("compare-step").length === 1);
    const select = one("compare-step") as HTMLSelectElement;
    const words = [...select.options].map(({ text }) => text);
    expect(words.slice(0, 4)).toEqual(["none", "first step (50)", "previous step (100)", "step 50 · epoch 0.4"]);
    select.selectedIndex = words.indexOf("first step (50)");
    select.dispatchEvent(new Event("change", { bubbles: true }));
    await until(() => all("panel-compared").length === 1);
    expect(model.get("compare_step")).toBe(50);
    expect(select.selectedOptions[0]?.text).toBe("step 50 · epoch 0.4");
    select.selectedIndex = 0;
    select.dispatchEvent(new Event("change", { bubbles: true }));
    await until(() => all("panel-compared").length === 0);
    model.setFromPython("compare_step", 600);
    await until(() => all("panel-compared").length === 1);
    model.setFromPython("compare_step", 601);
    await until(() => all("panel-compared").length === 0);
  });

  it("has a handle of its own on the track, which moves it alone and tells Python once let go", async () => {
    const { all, one, model, press } = await compared();
    press("m");
    await until(() => all("compare-slider").length === 1);
    const handle = one("compare-slider") as HTMLInputElement;
    const saved = model.saves.length;
    for (const value of ["1", "3"]) {
      handle.value = value;
      handle.dispatchEvent(new Event("input", { bubbles: true }));
    }
    await until(() => heading(one("panel-compared")) === "Astep 500 · epoch 4.0");
    expect(model.saves).toHaveLength(saved);
    handle.dispatchEvent(new Event("change", { bubbles: true }));
    expect(model.saves.slice(saved)).toEqual([{ compare_step: 500 }]);
    press("ArrowRight", handle);
    await until(() => heading(one("panel-compared")) === "Astep 600 · epoch 4.8");
    expect(heading(one("panel-prediction"))).toBe("Bstep 250 · epoch 2.0");
    expect(handle.getAttribute("aria-valuetext")).toBe("step 600 · epoch 4.8");
  });

  it("of questions answers in the same rows", async () => {
    const { text } = await compared({ boxes: 0, questions: questions("an orange coat", "a red jacket") });
    expect(text("reference")).toBe("a red jacketred");
    expect(text("answer-compared")).toContain("an orange coat");
    expect(text("answer")).toContain("a red jacket");
  });
});

describe("another run", () => {
  it("is named, asked for the specimen by its identifier without the image, and has its own steps", async () => {
    const { one, text, channel, all, press } = await compared(TWO_RUNS, 200);
    expect(text("runs")).toBe("A flickr-baselineB flickr-finetune");
    await until(() => all("legend-compared").length === 1);
    expect(heading(one("panel-compared"))).toBe("Astep 200 · flickr-baseline");
    expect(heading(one("panel-prediction"))).toBe("Bstep 250 · epoch 2.0 · flickr-finetune");
    const [request] = requested(channel.requests, "other");
    expect(request).toMatchObject({ specimen: nameOf(0), index: null, step: 200, image: false });
    press("ArrowRight", one("root"), { shiftKey: true });
    await until(() => heading(one("panel-compared")) === "Astep 500 · flickr-baseline");
    expect(requested(channel.requests, "other")).toHaveLength(1);
    press("ArrowDown");
    await until(() => requested(channel.requests, "other").length === 2);
    expect(requested(channel.requests, "other")[1]).toMatchObject({ specimen: nameOf(1) });
    press("m");
    await until(() => all("compare-step").length === 1);
    expect(all("compare-slider")).toHaveLength(0);
    expect([...(one("compare-step") as HTMLSelectElement).options].map(({ text: words }) => words)).toEqual([
      ...["none", "last step (500)", "step 100", "step 200", "step 500"],
    ]);
  });

  it("that lacks the specimen says so in its panel, and is asked again when taken up anew", async () => {
    let lacks = true;
    const { text, press, all } = await compared(
      { ...TWO_RUNS, fail: (request) => (request.kind === "specimen" && request.of === "other" && lacks ? "the run does not have this specimen" : null) },
      100,
    );
    await until(() => text("status-compared") === "the run does not have this specimen");
    expect(text("legend")).toContain("4 matched");
    lacks = false;
    press("c");
    press("c");
    await until(() => all("legend-compared").length === 1);
    expect(text("status-compared")).toBe("");
  });

  it("still on its way says so", async () => {
    const { text, all, channel, press } = await shown(TWO_RUNS);
    expect(requested(channel.requests, "other")).toHaveLength(0);
    channel.held = (request) => request.kind === "specimen" && request.of === "other";
    press("c");
    await until(() => text("status-compared") === "loading predictions…");
    channel.release();
    await until(() => all("legend-compared").length === 1);
  });

  it("without the question says so", async () => {
    const { text, all } = await compared(
      { ...TWO_RUNS, boxes: 0, questions: questions("red"), change: (reply) => (reply.steps[1] === 200 ? { questions: [] } : {}) },
      100,
    );
    await until(() => all("answer-compared").length === 1 && text("answer-compared") !== "");
    expect(text("answer-compared")).toBe("this run does not have the question");
  });
});

describe("blinking", () => {
  it("shows A and B by turns in one place, says which, and ends with Escape", async () => {
    const { el, one, text, press } = await compared();
    const place = () => el.querySelector<HTMLElement>(".ew-panels")?.dataset.compare;
    expect([place(), text("blink-words")]).toEqual(["both", ""]);
    press("b");
    await until(() => place() === "A");
    expect(text("blink-words")).toBe("showing A: step 50 · epoch 0.4");
    press("b", one("root"), { repeat: true });
    vi.advanceTimersByTime(BLINK_MS);
    await until(() => place() === "B");
    expect(text("blink-words")).toBe("showing B: step 250 · epoch 2.0");
    expect(one("blink").getAttribute("aria-pressed")).toBe("true");
    press("Escape");
    await until(() => place() === "both");
    one("show-A").click();
    await until(() => place() === "A");
    vi.advanceTimersByTime(2 * BLINK_MS);
    expect(place()).toBe("A");
    one("compare-close").click();
    await until(() => el.querySelectorAll(".ew-panel").length === 2);
  });

  it("lasts as long as the key is held", async () => {
    const { el, one, press } = await compared();
    const place = () => el.querySelector<HTMLElement>(".ew-panels")?.dataset.compare;
    press("b");
    vi.advanceTimersByTime(BLINK_MS);
    await until(() => place() === "B");
    one("root").dispatchEvent(new KeyboardEvent("keyup", { key: "b", bubbles: true }));
    await until(() => place() === "both");
  });
});

describe("the history of a box", () => {
  it("is chosen by key, lists every step, and goes to the one pressed", async () => {
    const { all, one, text, press } = await shown();
    press("n");
    await until(() => all("history").length === 1);
    const moments = () => [...one("history").querySelectorAll<HTMLElement>(".ew-moment")];
    expect(one("history").getAttribute("aria-label")).toBe("History of a man in a red jacket (box 1 of 5)");
    expect(text("history")).toContain("found at 6 of 6 steps");
    expect(one("root").dataset.history).toBe("1");
    expect(moments().map((moment) => moment.dataset.step)).toEqual(RUN.steps.map(String));
    expect(moments().filter((moment) => moment.ariaCurrent === "step" || moment.getAttribute("aria-current"))).toHaveLength(1);
    moments()[0]?.click();
    await until(() => text("step-label") === "step 50 · epoch 0.4");
    expect(moments()[0]?.getAttribute("aria-current")).toBe("step");
    for (const _ of [0, 1, 2]) press("n");
    await until(() => text("history").includes("a bicycle"));
    expect(moments()[0]?.getAttribute("aria-label")).toBe("step 50: missed");
    press("N", one("root"), { shiftKey: true });
    await until(() => text("history").includes("the wooden bench"));
    press("Escape");
    await until(() => all("history").length === 0);
  });

  it("ends with the specimen", async () => {
    const { all, press } = await shown();
    press("n");
    await until(() => all("history").length === 1);
    press("ArrowDown");
    await until(() => all("history").length === 0);
  });

  it("of two runs has a row for each", async () => {
    const { all, one, text, press, model } = await compared(TWO_RUNS, 100);
    await until(() => all("legend-compared").length === 1);
    press("n");
    await until(() => all("history-steps-compared").length === 1);
    expect(text("history")).toContain("box 1 of 5 · A found at 3 of 3 steps · B found at 6 of 6 steps");
    expect(one("root").dataset.history).toBe("2");
    one("history-steps-compared").querySelectorAll<HTMLElement>(".ew-moment")[2]?.click();
    await until(() => heading(one("panel-compared")) === "Astep 500 · flickr-baseline");
    expect(model.get("compare_step")).toBe(500);
    one("history-clear").click();
    await until(() => all("history").length === 0);
  });
});

describe("word differences", () => {
  const marks = (el: HTMLElement) => [...el.querySelectorAll("del, ins")].map((mark) => `${mark.tagName} ${mark.textContent}`);

  it("are held against the closest reference, then against A, then against nothing", async () => {
    const { all, one, text, press } = await compared({ boxes: 0, questions: questions("a dark red coat", "a red jacket") });
    press("w");
    await until(() => all("word-changes").length === 2);
    expect(marks(one("answer-compared"))).toEqual(["INS dark", "DEL jacket", "INS coat"]);
    expect(text("word-summary")).toBe("1 word lost, 2 added against the reference “a red jacket”");
    expect(one("answer").textContent).toContain("no words differ against the reference “a red jacket”");
    press("w");
    await until(() => all("word-changes").length === 1);
    expect(text("answer-compared")).toContain("a dark red coat");
    expect(marks(one("answer"))).toEqual(["DEL dark", "DEL coat", "INS jacket"]);
    expect(text("word-changes")).toBe("a dark red coat jacket");
    press("w");
    await until(() => all("word-changes").length === 0);
  });

  it("are chosen in the menu, and leave what has no text or no reference as it is", async () => {
    const [asked] = questions(null);
    const unreferenced = { ...(asked as Question), item: "r", references: [], answers: RUN.steps.map(() => answer("red")) };
    const { all, one, text, press } = await shown({ boxes: 0, questions: [asked as Question, unreferenced] });
    press("m");
    await until(() => all("word-basis").length === 1);
    const select = one("word-basis") as HTMLSelectElement;
    expect([...select.options].map(({ text: words }) => words)).toEqual(["not shown", "from the closest reference"]);
    select.value = "reference";
    select.dispatchEvent(new Event("change", { bubbles: true }));
    await until(() => text("answer").includes("unparsable"));
    expect(all("word-changes")).toHaveLength(0);
    expect(text("answer-text")).toBe("red");
  });

  it("are text, whatever they say", async () => {
    const evil = '<img src=x onerror="globalThis.harmed = true">';
    const { el, all, press } = await shown({ boxes: 0, questions: questions(`${evil} red`) });
    press("w");
    await until(() => all("word-changes").length === 1);
    expect(el.querySelectorAll("img")).toHaveLength(0);
    expect(el.querySelector("ins")?.textContent).toBe(evil);
  });
});

it("keeps the keys with and without shift apart", () => {
  const action = (key: string, shiftKey = false) => actionOf(new KeyboardEvent("keydown", { key, shiftKey }));
  expect([action("ArrowRight"), action("ArrowRight", true)]).toEqual(["next-step", "next-compared"]);
  expect([action("n"), action("N", true), action("B", true), action("?", true)]).toEqual(["next-truth", "prev-truth", "blink", "help"]);
});
