import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Question, SpecimenReply } from "../src/protocol";
import { SLOW_MS } from "../src/store";
import { ROW_HEIGHT } from "../src/views/SpecimenList";
import { nameOf, RUN, type Scenario } from "./harness/kernel";
import { show, shown } from "./mounted";
import { until } from "./settling";

const EVIL = '<script>globalThis.harmed = true</script><img src=x onerror="globalThis.harmed = true">';

const replying = (change: Partial<SpecimenReply>) => ({ change: () => change });

function question(answers: Question["answers"]): Question {
  return { item: "q", question: "What colour is it?", references: ["red", "dark red"], answers };
}

const GOOD = { state: "ok", text: "red", raw: null, exact_match: 1, token_f1: 1, bleu: 0.5 };

describe("a specimen with boxes", () => {
  it("has a heading, the step, both panels and the counts", async () => {
    const { text, one } = await shown();
    expect(text("specimen-title")).toBe(nameOf(0));
    expect(one("specimen-title").getAttribute("title")).toBe(nameOf(0));
    expect(text("step-label")).toBe("step 250 · epoch 2.0");
    expect(one("panel-truth").querySelector("h3")?.textContent).toBe("Ground Truth");
    expect(one("panel-prediction").querySelector("h3")?.textContent).toBe("Prediction");
    expect(text("legend")).toBe("4 matched · 1 missed · 2 extra");
    expect(text("position")).toBe("1 / 100");
  });

  it("leaves the epoch out where it is not known", async () => {
    const { text } = await shown({ run: { ...RUN, epochs: RUN.steps.map(() => null) } });
    expect(text("step-label")).toBe("step 250");
  });

  it("shows untrusted text as text", async () => {
    const { el, text, one } = await shown({
      change: (reply) => ({
        specimen: EVIL,
        caption: EVIL,
        outputs: reply.steps.map(() => EVIL),
        invalid: reply.steps.map(() => [{ state: "malformed", message: EVIL, raw: EVIL }]),
        labels: [{ text: EVIL, colour: "#112233" }],
        questions: [{ ...question(reply.steps.map(() => ({ ...GOOD, text: EVIL }))), question: EVIL, references: [EVIL] }],
      }),
    });
    expect(text("specimen-title")).toBe(EVIL);
    expect(text("question")).toBe(EVIL);
    expect(text("answer-text")).toBe(EVIL);
    expect(text("caption")).toContain(EVIL);
    expect(one("invalid").textContent).toContain(EVIL);
    expect(one("output").textContent).toContain(EVIL);
    expect(el.querySelectorAll("script, img")).toHaveLength(0);
    expect("harmed" in globalThis).toBe(false);
  });
});

it("shows a second decimal of the epoch where it says something", async () => {
  const { text } = await shown({ run: { ...RUN, epochs: [0.1, 0.2, 0.25, 1, 2, 3] } });
  expect(text("step-label")).toBe("step 250 · epoch 0.25");
});

describe("the mark of what is painted", () => {
  beforeEach(() => {
    for (const name of ["clientWidth", "clientHeight"] as const) {
      vi.spyOn(HTMLElement.prototype, name, "get").mockReturnValue(300);
    }
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each([
    ["boxes", {}],
    ["questions alone", { boxes: 0, questions: [question(RUN.steps.map(() => GOOD))] }],
  ])("follows step and specimen: %s", async (_, part) => {
    const { one, press } = await shown(part);
    await until(() => one("root").dataset.painted === `${nameOf(0)}|250`);
    press("ArrowRight");
    await until(() => one("root").dataset.painted === `${nameOf(0)}|500`);
    press("ArrowDown");
    await until(() => one("root").dataset.painted === `${nameOf(1)}|500`);
  });

  it("comes with the place of the image on the canvas", async () => {
    const { one } = await shown();
    await until(() => one("root").dataset.painted !== undefined);
    expect({ ...one("canvas-truth").dataset }).toMatchObject({
      imageWidth: "640",
      imageHeight: "480",
      scale: "0.46875",
      offsetX: "0",
      offsetY: "37.5",
    });
  });
});

describe("states", () => {
  it("loading, then the kernel busy", async () => {
    const { channel, one, text } = show();
    channel.held = (request) => request.kind === "specimen";
    await until(() => channel.requests.some(({ kind }) => kind === "specimen"));
    expect(text("status")).toBe("loading…");
    expect(one("root").dataset.state).toBe("loading");
    vi.advanceTimersByTime(SLOW_MS);
    await until(() => text("status") === "waiting for the kernel…");
    channel.release();
    await until(() => one("root").dataset.state === "ready");
    expect(text("status")).toBe("");
  });

  it("an error, with its message and a way to try again", async () => {
    let broken = true;
    const { one, text } = show({ fail: ({ kind }) => (kind === "specimen" && broken ? "OSError: gone" : null) });
    await until(() => one("root").dataset.state === "error");
    expect(text("status")).toBe("OSError: gone");
    broken = false;
    one("retry").click();
    await until(() => one("root").dataset.state === "ready");
  });

  it("an empty run, with its notes", async () => {
    const { one, text } = show({ run: { ...RUN, specimens: 0, notes: ["2 files skipped"] } });
    expect(one("root").dataset.state).toBe("empty");
    expect(text("status")).toBe("This run holds no specimens.");
    expect(text("notes")).toBe("2 files skipped");
    expect(show({ run: { ...RUN, steps: [], epochs: [] } }).text("status")).toBe("This run holds no evaluated steps yet.");
  });

  it("no prediction, and not evaluated", async () => {
    const none = await shown({ change: (reply) => ({ statuses: reply.steps.map(() => "no_prediction") }) });
    expect(none.text("status-prediction")).toBe("no prediction at this step");
    const missing = await shown({ change: (reply) => ({ statuses: reply.steps.map(() => "missing") }) });
    expect(missing.text("status-prediction")).toBe("not evaluated at this step");
    expect(missing.text("legend")).not.toContain("0 matched");
  });

  it("no ground truth", async () => {
    const { text } = await shown({ boxes: 0, ...replying({ annotated: false }) });
    expect(text("status-truth")).toBe("no ground truth");
    expect(text("legend")).toBe("not scored");
  });

  it("predictions of this step still on their way", async () => {
    const { channel, text, all } = show({ partial: true });
    channel.held = (request) => request.kind === "specimen" && request.all_steps;
    await until(() => all("panel-truth").length === 1);
    expect(text("status-prediction")).toBe("");
    (all("root")[0] as HTMLElement).dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
    await until(() => text("status-prediction") === "loading predictions…");
    channel.release();
    await until(() => text("status-prediction") === "");
    expect(text("legend")).toContain("4 matched");
  });

  it("the other steps failing, said without hiding this one", async () => {
    const { text } = await shown({
      partial: true,
      fail: (request) => (request.kind === "specimen" && request.all_steps ? "MemoryError" : null),
    });
    await until(() => text("steps-error").includes("MemoryError"));
    expect(text("legend")).toContain("4 matched");
  });

  it.each([
    [{ image: { state: "missing", message: "no such file", mime: "" } }, "image missing: no such file"],
    [{ image: { state: "unreadable", message: "truncated", mime: "" } }, "image unreadable: truncated"],
    [
      { image: { state: "missing", message: "", mime: "" }, size: [1, 1], size_known: false },
      "image missing, size unknown",
    ],
  ] as [Partial<SpecimenReply>, string][])("image that cannot be shown: %#", async (change, words) => {
    const { text, one } = await shown(replying(change));
    expect(text("image-status-truth")).toBe(words);
    expect(text("image-status-prediction")).toBe(words);
    expect(one("image-status-truth").getAttribute("role")).toBe("status");
  });

  it("an image that is missing leaves its room to the questions", async () => {
    const { el, text } = await shown({
      boxes: 0,
      questions: [question(RUN.steps.map(() => GOOD))],
      change: () => ({ image: { state: "missing", message: "no such file", mime: "" } }),
    });
    expect(text("image-status-image")).toBe("image missing: no such file");
    expect(el.querySelector<HTMLElement>(".ew-shared")?.dataset.missing).toBe("true");
  });

  it("invalid predictions and raw output", async () => {
    const { one, text } = await shown({
      change: (reply) => ({
        invalid: reply.steps.map(() => [
          { state: "malformed", message: "boxes[0]: expected 4 numbers, got 3", raw: "[1, 2, 3]" },
        ]),
        outputs: reply.steps.map((step) => `output of ${step}`),
      }),
    });
    expect(one("invalid").querySelector("summary")?.textContent).toBe("1 invalid prediction");
    expect(text("invalid")).toContain("boxes[0]: expected 4 numbers, got 3");
    expect(one("invalid").querySelector("pre")?.textContent).toBe("[1, 2, 3]");
    expect(text("legend")).toBe("4 matched · 1 missed · 2 extra · 1 invalid");
    expect(one("output").querySelector("pre")?.textContent).toBe("output of 250");
  });
});

describe("questions", () => {
  const steps = (answer: Question["answers"][number]) => ({ boxes: 0, questions: [question(RUN.steps.map(() => answer))] });

  it("show references, the answer and its measures, over one shared image", async () => {
    const { text, one, all } = await shown(steps(GOOD));
    expect(text("question")).toBe("What colour is it?");
    expect([...one("reference").querySelectorAll("li")].map((entry) => entry.textContent)).toEqual(["red", "dark red"]);
    expect(text("answer-text")).toBe("red");
    expect(text("answer")).toContain("✓ exact match");
    expect(text("answer")).toContain("token F1 1.00");
    expect(text("answer")).toContain("BLEU 0.50");
    expect(all("canvas-image")).toHaveLength(1);
    expect(all("canvas-truth")).toHaveLength(0);
  });

  it("follow the step", async () => {
    const answers = RUN.steps.map((step) => ({ ...GOOD, text: `answer ${step}`, exact_match: 0 }));
    const { text, press } = await shown({ boxes: 0, questions: [question(answers)] });
    expect(text("answer-text")).toBe("answer 250");
    press("ArrowRight");
    await until(() => text("answer-text") === "answer 500");
    expect(text("answer")).toContain("✗");
  });

  it.each([
    [null, "no prediction at this step"],
    [{ ...GOOD, text: "", exact_match: null, token_f1: null, bleu: null }, "empty answer"],
    [{ ...GOOD, state: "unparsable", text: null, raw: "{oops" }, "unparsable output{oops"],
    [{ ...GOOD, state: "repaired", raw: "{red", exact_match: null, token_f1: null, bleu: null }, "redrepaired from malformed output{red"],
    [{ ...GOOD, state: "truncated", text: null, raw: "{oops" }, "unparsable output (truncated){oops"],
  ])("say what is the matter with an answer: %#", async (answer, words) => {
    const { text } = await shown(steps(answer));
    expect(text("answer")).toBe(words);
  });

  it("stand below both panels where there are boxes too", async () => {
    const { all } = await shown({ questions: [question(RUN.steps.map(() => GOOD))] });
    expect([all("canvas-truth").length, all("canvas-prediction").length, all("question").length]).toEqual([1, 1, 2]);
  });

  it("leave the choices about boxes out of the menu", async () => {
    const answered = [question(RUN.steps.map(() => GOOD))];
    for (const [content, choices] of [
      [{ boxes: 0, questions: answered }, 0],
      [{ questions: answered }, 1],
    ] as const) {
      const { all, one, press } = await shown(content);
      press("m", one("root"));
      await until(() => all("menu").length === 1);
      expect(all("show-labels").length).toBe(choices);
    }
  });
});

describe("the list", () => {
  it("shows names, scores, and states in words", async () => {
    const { one, el } = await shown();
    const row = (place: number) => one("list").querySelector(`[data-row="${place}"]`);
    await until(() => row(10)?.textContent?.includes(nameOf(10)) === true && row(0)?.querySelector(".ew-row-score") !== null);
    expect(row(0)?.querySelector(".ew-row-score")?.textContent).toMatch(/^[01]\.\d\d$/);
    expect(row(3)?.textContent).toContain("no prediction");
    expect(row(10)?.textContent).toContain("missing");
    expect(el.querySelector('[data-testid="score-name"]')?.textContent).toBe("mean_iou");
  });

  it("renders few rows of many", async () => {
    const { one } = await shown({ run: { ...RUN, specimens: 100_000 } });
    expect(one("list").querySelectorAll("[role=option]").length).toBeLessThan(40);
    expect(one("list").querySelector("[role=option]")?.getAttribute("aria-setsize")).toBe("100000");
  });

  it("marks what is open, and opens what is clicked", async () => {
    const { one, text, model } = await shown();
    one("list").querySelector<HTMLElement>('[data-row="4"]')?.click();
    await until(() => model.get("specimen") === nameOf(4));
    await until(() => text("specimen-title") === nameOf(4));
    const selected = one("list").querySelector("[aria-selected=true]");
    expect(selected?.getAttribute("data-row")).toBe("4");
    expect(one("list").getAttribute("aria-activedescendant")).toBe(selected?.id);
  });

  it("jumps by Home, End and pages", async () => {
    const { one, press, text } = await shown();
    press("End", one("list"));
    await until(() => text("position") === "100 / 100");
    press("PageUp", one("list"));
    await until(() => text("position") !== "100 / 100");
    press("Home", one("list"));
    await until(() => text("position") === "1 / 100");
  });
});

describe("keyboard", () => {
  it("moves by specimen and by step, with arrows and letters", async () => {
    const { press, text, model } = await shown();
    for (const [key, id, words] of [
      ["ArrowDown", "position", "2 / 100"],
      ["j", "position", "3 / 100"],
      ["k", "position", "2 / 100"],
      ["ArrowUp", "position", "1 / 100"],
      ["ArrowRight", "step-label", "step 500 · epoch 4.0"],
      ["l", "step-label", "step 600 · epoch 4.8"],
      ["h", "step-label", "step 500 · epoch 4.0"],
      ["ArrowLeft", "step-label", "step 250 · epoch 2.0"],
    ] as const) {
      press(key);
      await until(() => text(id) === words);
    }
    expect(model.saves.map(({ step }) => step).filter(Boolean)).toEqual([500, 600, 500, 250]);
  });

  it("keeps its keys from the notebook, but not those with Ctrl", async () => {
    const { press, el } = await shown();
    const heard: string[] = [];
    el.addEventListener("keydown", (event) => heard.push(event.key));
    press("b");
    press("ArrowRight");
    press("s", undefined, { ctrlKey: true });
    expect(heard).toEqual(["s"]);
  });

  it("leaves text fields alone", async () => {
    const { press, one, text } = await shown();
    const field = document.createElement("input");
    one("root").append(field);
    expect(press("ArrowRight", field).defaultPrevented).toBe(false);
    expect(text("step-label")).toBe("step 250 · epoch 2.0");
  });

  it("opens the menu with M, closes it with Escape, and gives the focus back", async () => {
    const { press, one, all } = await shown();
    one("menu-button").focus();
    press("m", one("menu-button"));
    await until(() => all("menu").length === 1);
    expect(one("menu-button").getAttribute("aria-expanded")).toBe("true");
    press("Escape", one("step-slider"));
    await until(() => all("menu").length === 0);
    expect(document.activeElement).toBe(one("menu-button"));
  });

  it("plays with Space, but presses a button that has the focus", async () => {
    const { press, one, all } = await shown();
    press("m");
    await until(() => all("menu").length === 1);
    expect(press(" ", one("reset-zoom")).defaultPrevented).toBe(false);
    press(" ");
    await until(() => one("play").getAttribute("aria-pressed") === "true");
    press(" ", one("step-slider"));
    await until(() => one("play").getAttribute("aria-pressed") === "false");
  });

});

describe("the slider", () => {
  it("repaints while dragged and tells Python on release", async () => {
    const { one, all, text, press, model } = await shown();
    press("m");
    await until(() => all("menu").length === 1);
    const slider = one("step-slider") as HTMLInputElement;
    expect([slider.min, slider.max, slider.value]).toEqual(["0", "5", "2"]);
    const saved = model.saves.length;
    slider.value = "4";
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await until(() => text("step-label") === "step 600 · epoch 4.8");
    expect(model.saves).toHaveLength(saved);
    slider.dispatchEvent(new Event("change", { bubbles: true }));
    expect(model.saves.slice(saved)).toEqual([{ step: 600 }]);
  });
});

describe("sorting", () => {
  it("is chosen in the list, worst first, and turned round", async () => {
    const { one, model, text } = await shown({ score: (_name, _step, row) => row });
    const choose = one("sort-by") as HTMLSelectElement;
    expect([...choose.options].map((option) => option.textContent)).toEqual([
      "in run order",
      "by identifier",
      "by change in mean_iou",
      "by step learned",
      "by times forgotten",
      "by mean_iou",
      "by centre_distance",
    ]);
    choose.value = "score:centre_distance";
    choose.dispatchEvent(new Event("change", { bubbles: true }));
    expect(model.saves.at(-1)).toEqual({ score: "centre_distance", sort_by: "score" });
    const first = () => one("list").querySelector("[role=option]");
    await until(() => first()?.getAttribute("data-row") === "99");
    expect(first()?.getAttribute("aria-posinset")).toBe("1");
    await until(() => first()?.textContent === `${nameOf(99)}99.00`);
    expect(first()?.querySelector(".ew-row-bar")).toBeNull();
    expect(text("score-name")).toBe("centre_distance");
    expect(text("position")).toBe("86 / 100");
    expect(text("sort-direction")).toBe("worst first");
    one("sort-direction").click();
    await until(() => first()?.getAttribute("data-row") === "0");
    expect(text("sort-direction")).toBe("best first");
  });

  it("begins at the top when chosen, and leaves the open specimen where it is when the step changes", async () => {
    vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(300);
    const score = (_name: string, step: number, row: number) => (step === 250 ? row : (row * 37) % 100);
    const { one, model, press } = await shown({ score }, { specimen: nameOf(50) });
    const list = one("list");
    const placeOf = (row: number) => Number(list.querySelector(`[data-row="${row}"]`)?.getAttribute("aria-posinset")) - 1;
    await until(() => list.scrollTop === 51 * ROW_HEIGHT - 300);
    const choose = one("sort-by") as HTMLSelectElement;
    choose.value = "score:centre_distance";
    choose.dispatchEvent(new Event("change", { bubbles: true }));
    await until(() => placeOf(99) === 0);
    expect(list.scrollTop).toBe(0);
    press("Home", list);
    await until(() => model.get("specimen") === nameOf(99));
    press("ArrowDown");
    await until(() => list.querySelector("[aria-selected=true]")?.getAttribute("data-row") === "98");
    expect([placeOf(98), list.scrollTop]).toEqual([1, 0]);
    press("ArrowRight");
    await until(() => list.scrollTop > 0);
    list.dispatchEvent(new Event("scroll"));
    await until(() => placeOf(98) > 1);
    expect(placeOf(98) * ROW_HEIGHT - list.scrollTop).toBe(ROW_HEIGHT);
    vi.restoreAllMocks();
  });

  it("gives the keys back when chosen with the pointer, and keeps them when chosen by key", async () => {
    const { one } = await shown();
    const choose = one("sort-by") as HTMLSelectElement;
    choose.focus();
    choose.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
    choose.dispatchEvent(new Event("change", { bubbles: true }));
    expect(document.activeElement).toBe(choose);
    choose.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
    choose.dispatchEvent(new Event("change", { bubbles: true }));
    expect(document.activeElement).toBe(one("root"));
  });

  it("says what is the matter with a score that cannot be shown", async () => {
    const { text, all, one } = await shown({ fail: ({ kind }) => (kind === "scores" ? EVIL : null) });
    await until(() => all("list-error").length === 1);
    expect(text("list-error")).toBe(`mean_iou cannot be shown: ${EVIL} retry`);
    expect(one("list-error").querySelectorAll("script, img")).toHaveLength(0);
  });
});

describe("the chart", () => {
  async function charted(part: Partial<Scenario> = {}) {
    const view = await shown(part);
    view.press("m");
    await until(() => view.all("menu").length === 1);
    view.one("chart-button").click();
    await until(() => view.all("chart").length === 1);
    return view;
  }

  it("is asked for when it is opened, in parts, and drawn as they come", async () => {
    const { channel, all, text, one } = await shown();
    const asked = () => channel.requests.flatMap((request) => (request.kind === "summary" ? [request.steps] : []));
    expect(asked()).toEqual([]);
    channel.held = (request) => request.kind === "summary" && request.steps.length < 5;
    one("menu-button").click();
    await until(() => all("menu").length === 1);
    one("chart-button").click();
    await until(() => text("chart-loading") === "Reading all steps… 2 of 6");
    expect(text("chart-value")).toBe("step 250: not read yet");
    channel.release();
    await until(() => all("chart-loading").length === 0);
    expect(asked()).toEqual([RUN.steps, RUN.steps.slice(2), RUN.steps.slice(4)]);
    expect(text("chart-value")).toBe("step 250: 0.60");
    expect(one("chart-plot").getAttribute("aria-label")).toContain("Best: 0.75 at step 1000. Higher is better.");
    expect(one("chart-table").querySelectorAll("tr")).toHaveLength(6);
  });

  it("shares its score with the list", async () => {
    const { one, text, model } = await charted();
    const choose = one("chart-score") as HTMLSelectElement;
    choose.value = "centre_distance";
    choose.dispatchEvent(new Event("change", { bubbles: true }));
    await until(() => text("score-name") === "centre_distance");
    expect(model.saves.at(-1)).toEqual({ score: "centre_distance" });
    await until(() => text("chart-value") === "step 250: 40.00");
    expect(text("chart-direction")).toBe("lower is better");
  });

  it("marks the step in sight, and goes to the step that is clicked", async () => {
    const { one, text, model, press } = await charted();
    const cursor = () => Number(one("chart-cursor").getAttribute("x1"));
    const before = cursor();
    press("ArrowRight");
    await until(() => cursor() > before);
    const plot = one("chart-plot");
    plot.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true, clientX: 9999, button: 0 }));
    await until(() => text("step-label").startsWith("step 1000"));
    expect(model.get("step")).toBe(500);
    plot.dispatchEvent(new PointerEvent("pointerup", { bubbles: true }));
    expect(model.get("step")).toBe(1000);
    plot.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, clientX: 0, buttons: 0 }));
    await until(() => text("chart-value").startsWith("step 50:"));
    expect(text("step-label")).toMatch(/^step 1000/);
  });

  it("never draws over a gap, and says so where there is nothing at all", async () => {
    const { all, text } = await charted({ total: (_name, step) => (step === 250 ? null : 0.5) });
    await until(() => all("chart-loading").length === 0);
    expect(all("chart-line").map((line) => line.getAttribute("points")?.split(" ").length)).toEqual([2, 3]);
    expect(text("chart-value")).toBe("step 250: not defined");
    const empty = await charted({ total: () => null });
    await until(() => empty.text("chart-empty") === "mean_iou is not defined at any step.");
    expect(empty.all("chart-line")).toHaveLength(0);
  });

  it("has a dot for a run of one step", async () => {
    const { all, el } = await charted({ run: { ...RUN, steps: [250], epochs: [2] } });
    await until(() => all("chart-loading").length === 0);
    expect(el.querySelectorAll(".ew-chart-dot")).toHaveLength(1);
  });

  it("says what went wrong, and tries again", async () => {
    let broken = true;
    const { all, text, one } = await charted({ fail: ({ kind }) => (kind === "summary" && broken ? EVIL : null) });
    await until(() => text("chart-error") === `mean_iou cannot be shown: ${EVIL} retry`);
    expect(one("chart").querySelectorAll("script, img")).toHaveLength(0);
    broken = false;
    one("chart-error").querySelector("button")?.click();
    await until(() => all("chart-error").length === 0 && all("chart-loading").length === 0);
    expect(text("chart-value")).toBe("step 250: 0.60");
  });

  it("asks for no more once it is closed", async () => {
    const { channel, all, one, text } = await charted({ summarySteps: 1 });
    channel.held = (request) => request.kind === "summary";
    const asked = () => channel.requests.filter(({ kind }) => kind === "summary").length;
    await until(() => text("chart-loading") !== "");
    one("chart-button").click();
    await until(() => all("chart").length === 0);
    const before = asked();
    channel.release();
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
    expect(asked()).toBe(before);
  });
});

it("says in a live region what is in sight", async () => {
  const { text } = await shown();
  for (let turn = 0; turn < 5; turn += 1) await vi.advanceTimersByTimeAsync(500);
  expect(text("announcer")).toMatch(/^specimen images\/val\/specimen_00000\.jpg, step 250, mean_iou [01]\.\d\d$/);
});

it("has the height the model gives it", async () => {
  const { one, model } = await shown({}, { _height: 600 });
  expect(one("root").style.getPropertyValue("--ew-height")).toBe("600px");
  model.setFromPython("_height", 720);
  await until(() => one("root").style.getPropertyValue("--ew-height") === "720px");
});

it("takes everything away when closed", async () => {
  const { close, el, model, channel } = await shown();
  close();
  expect(el.childNodes).toHaveLength(0);
  expect(model.listeners).toBe(0);
  expect(channel.handlers.size).toBe(0);
});

it("says so where the host is too old", async () => {
  const { el } = show({}, {}, false);
  await until(() => el.textContent?.includes("evalwidget needs anywidget 0.11 or later") === true);
});
