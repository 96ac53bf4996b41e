/** Sparklines, filters, failure modes and findings on the screen. */
import { describe, expect, it, vi } from "vitest";
import { nameOf, RUN, type Scenario } from "./harness/kernel";
import { show } from "./mounted";
import { until as settled } from "./settling";

const EVIL = '<img src=x onerror="globalThis.harmed = true">';
const TWELVE = { ...RUN, specimens: 12 };

/** Lets time pass until something is so: effects run after a frame, and typing is waited for. */
function until(condition: () => boolean): Promise<void> {
  return settled(() => {
    if (!condition()) vi.advanceTimersByTime(5);
    return condition();
  });
}

async function shown(part: Partial<Scenario> = {}, traits: Record<string, unknown> = {}) {
  const run = part.run ?? TWELVE;
  const scenario = { summarySteps: 99, ...part, run };
  const view = show(scenario, { specimen: nameOf(0), ...traits });
  const { el, all, one } = view;
  const rows = () => [...el.querySelectorAll<HTMLElement>('.ew-row[role="option"]')];
  const row = (place: number) => rows().find((element) => element.dataset.row === String(place)) as HTMLElement;
  const type = (id: string, words: string) => {
    const input = one(id) as HTMLInputElement;
    input.value = words;
    input.dispatchEvent(new InputEvent("input", { bubbles: true }));
  };
  const choose = (id: string, value: string) => {
    const select = one(id) as HTMLSelectElement;
    select.value = value;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  };
  await until(() => all("panel-prediction").length === 1 && one("root").dataset.state === "ready");
  return { ...view, rows, row, type, choose };
}

describe("a sparkline", () => {
  const GAP: Partial<Scenario> = { score: (_name, step, row) => (row === 1 && step === 500 ? Number.NaN : step / 1000) };

  it("is in every row that has a score, broken where one is lacking, with the step in sight marked", async () => {
    const { row } = await shown(GAP);
    await until(() => row(1).querySelectorAll(".ew-spark-line").length === 1);
    expect(row(0).querySelector(".ew-spark-line")?.getAttribute("d")?.match(/M/g)).toHaveLength(1);
    expect(row(1).querySelector(".ew-spark-line")?.getAttribute("d")?.match(/M/g)).toHaveLength(2);
    expect(row(1).querySelectorAll(".ew-spark-mark")).toHaveLength(1);
  });

  it("leaves its room to the name where a specimen has no score at any step", async () => {
    const { row } = await shown();
    await until(() => row(0).querySelectorAll(".ew-spark-line").length === 1 && row(3).querySelectorAll(".ew-spark").length === 0);
  });

  it("follows the slider at once and asks for nothing", async () => {
    const { row, channel, press } = await shown(GAP);
    await until(() => row(1).querySelectorAll(".ew-spark-line").length === 1 && row(1).querySelectorAll(".ew-spark-mark").length === 1);
    await until(() => channel.requests.filter(({ kind }) => kind === "scores").length === RUN.steps.length);
    const at = () => row(0).querySelector(".ew-spark-step")?.getAttribute("x1");
    const [before, asked] = [at(), channel.requests.length];
    press("ArrowRight");
    await until(() => at() !== before);
    expect(row(1).querySelectorAll(".ew-spark-mark")).toHaveLength(0);
    expect(channel.requests.slice(asked).filter(({ kind }) => kind === "trends")).toEqual([]);
  });

  it("is said in words", async () => {
    const { row } = await shown(GAP);
    await until(() => row(1).getAttribute("aria-label")?.includes("over 6 steps") === true);
    expect(row(1).getAttribute("aria-label")).toBe(
      `${nameOf(1)}, 0.25, mean_iou over 6 steps: 0.05 at step 50, 1.00 at step 1000. Best: 1.00 at step 1000. 1 step without a value. Higher is better.`,
    );
  });

  it("is not there where the run has one step", async () => {
    const { all, channel } = await shown({ run: { ...TWELVE, steps: [250], epochs: [2] } });
    await until(() => channel.requests.some(({ kind }) => kind === "scores"));
    expect(all("spark")).toEqual([]);
    expect(channel.requests.filter(({ kind }) => kind === "trends")).toEqual([]);
  });

  it("is asked for of the rows in sight and their page, not of all", async () => {
    const { channel } = await shown({ run: { ...RUN, specimens: 100_000 } });
    await until(() => channel.requests.some(({ kind }) => kind === "trends"));
    for (const request of channel.requests) if (request.kind === "trends") expect(request.rows.length).toBeLessThan(200);
  });
});

describe("the filter bar", () => {
  it("finds text once its user pauses, and says how many there are", async () => {
    const { type, text, rows, channel, model, one, all } = await shown();
    type("filter-text", "0000");
    type("filter-text", "00003");
    expect(channel.requests.filter(({ kind }) => kind === "search")).toEqual([]);
    vi.advanceTimersByTime(300);
    await until(() => rows().length === 1);
    expect(text("filter-note")).toBe("1 of 12 clear");
    expect(rows()[0]?.dataset.row).toBe("3");
    expect(rows()[0]?.getAttribute("aria-setsize")).toBe("1");
    expect(text("position")).toBe("– / 1");
    expect(model.get("filter")).toEqual({ text: "00003" });
    one("filter-clear").click();
    await until(() => rows().length === 12);
    expect((one("filter-text") as HTMLInputElement).value).toBe("");
    expect(all("filter-note")).toEqual([]);
  });

  it("says that nothing matches, and offers the way back", async () => {
    const { type, text, rows, one } = await shown();
    type("filter-text", EVIL);
    vi.advanceTimersByTime(300);
    await until(() => text("filter-note").startsWith("No specimen matches"));
    expect(rows()).toEqual([]);
    one("filter-clear").click();
    await until(() => rows().length === 12);
  });

  it("is reached by a key, and left by another", async () => {
    const { press, one, el, type, rows } = await shown();
    press("/");
    // no time passes: the next key may come before the next frame
    await settled(() => el.ownerDocument.activeElement === one("filter-text"));
    type("filter-text", "00003");
    press("Enter", one("filter-text"));
    await until(() => rows().length === 1);
    press("Escape", one("filter-text"));
    await until(() => rows().length === 12);
    press("Escape", one("filter-text"));
    expect(el.ownerDocument.activeElement).toBe(one("root"));
  });

  it("narrows by phrase, by learning and by failure mode, and shows what is in use", async () => {
    const { one, choose, rows, text, all, model } = await shown();
    one("filter-button").click();
    await until(() => all("filter-label").length === 1);
    expect(text("filter-label")).toBe("any phrase or classtwo dogs (50)a bicycle (20)");
    choose("filter-label", "two dogs");
    await until(() => rows().length === 6);
    choose("filter-learning", "learned");
    choose("filter-mode", "missed_detection");
    await until(() => text("filter-note").startsWith("2 of 12"));
    expect(model.get("filter")).toEqual({ label: "two dogs", learning: "learned", mode: "missed_detection" });
    one("filter-button").click();
    await until(() => all("chip-mode").length === 1);
    expect([text("chip-label"), text("chip-learning"), text("chip-mode")]).toEqual(["two dogs", "learned", "missed detections"]);
    expect(one("filter-button").getAttribute("aria-label")).toBe("More filters, 3 in use");
    one("chip-label").click();
    await until(() => all("chip-label").length === 0);
    expect(model.get("filter")).toEqual({ learning: "learned", mode: "missed_detection" });
  });

  it("has no choice of what the run has not", async () => {
    const { one, all } = await shown({
      run: { ...TWELVE, steps: [250], epochs: [2], modes: [], good: [] },
      labelCounts: [],
    });
    one("filter-button").click();
    await until(() => all("filters").length === 1);
    for (const id of ["filter-label", "filter-learning", "filter-mode", "findings"]) expect(all(id)).toEqual([]);
  });

  it("says what cannot be had, and tries again", async () => {
    let broken = true;
    const { choose, one, text, all, rows } = await shown({
      fail: ({ kind }) => (broken && kind === "modes" ? `ValueError: ${EVIL}` : null),
    });
    one("filter-button").click();
    await until(() => all("filter-mode").length === 1);
    choose("filter-mode", "loose_box");
    await until(() => all("filter-error").length === 1);
    expect(text("filter-error")).toContain(`cannot be filtered: ValueError: ${EVIL}`);
    expect(rows()).toHaveLength(12);
    broken = false;
    one("filter-retry").click();
    await until(() => rows().length < 12);
  });
});

describe("many phrases", () => {
  const MANY = { labelCounts: Array.from({ length: 80 }, (_, place) => ({ text: `thing ${place}`, specimens: 80 - place })) };

  async function opened() {
    const view = await shown(MANY);
    view.one("filter-button").click();
    await until(() => view.all("filter-label").length === 1);
    const input = view.one("filter-label") as HTMLInputElement;
    const options = () => [...view.one("label-list").querySelectorAll('[role="option"]')].map((option) => option.textContent);
    return { ...view, input, options };
  }

  it("are found by typing, and chosen by key", async () => {
    const { input, options, type, press, model, text } = await opened();
    expect(input.getAttribute("role")).toBe("combobox");
    input.focus();
    expect(options()).toHaveLength(50);
    expect(text("label-list")).toContain("and 30 more: type to find");
    type("filter-label", "thing 7");
    await until(() => input.getAttribute("aria-expanded") === "true");
    vi.advanceTimersByTime(300);
    await until(() => options().length === 11);
    press("ArrowDown", input);
    press("ArrowDown", input);
    await until(() => input.getAttribute("aria-activedescendant")?.endsWith("-1") === true);
    press("Enter", input);
    expect(model.get("filter")).toEqual({ label: "thing 70" });
    await until(() => input.value === "thing 70");
    await until(() => input.getAttribute("aria-expanded") === "false");
    type("filter-label", "");
    await until(() => Object.keys(model.get("filter") as object).length === 0);
  });

  it("are left as they were by Escape", async () => {
    const { input, type, press, model } = await opened();
    input.focus();
    type("filter-label", "nothing like it");
    await until(() => input.value === "nothing like it");
    press("Escape", input);
    await until(() => input.value === "" && input.getAttribute("aria-expanded") === "false");
    expect(model.get("filter")).toBeUndefined();
  });
});

describe("what the list is sorted by", () => {
  it("stands in its rows and its head", async () => {
    const { choose, text, row, one } = await shown({ score: (_name, step) => step / 1000 });
    choose("sort-by", "change");
    await until(() => row(0).querySelector(".ew-row-score")?.textContent === "+0.15");
    expect(text("score-name")).toBe("mean_iou since step 100");
    expect(text("sort-direction")).toBe("most lost first");
    choose("sort-by", "learned_at");
    await until(() => row(0).querySelector(".ew-row-score")?.textContent === "50");
    expect(row(0).getAttribute("aria-label")).toContain("mean_iou learned at step 50,");
    expect(row(4).querySelector(".ew-row-score")?.textContent).toBe("never");
    expect(text("score-name")).toBe("mean_iou learned at step");
    choose("sort-by", "forgetting");
    await until(() => row(2).querySelector(".ew-row-score")?.textContent === "2×");
    expect(one("sort-direction").textContent).toBe("most first");
  });
});

describe("the chart of failure modes", () => {
  async function charted(part: Partial<Scenario> = {}) {
    const view = await shown(part);
    view.press("m");
    await until(() => view.all("chart-button").length === 1);
    view.one("chart-button").click();
    await until(() => view.all("mode-chart").length === 1);
    return view;
  }

  it("stacks the specimens that show each, at every step", async () => {
    const { el, all, text } = await charted();
    await until(() => el.querySelectorAll(".ew-modes-bar").length > 0 && all("mode-loading").length === 0);
    const bars = [...el.querySelectorAll<SVGElement>(".ew-modes-bar")].filter((bar) => bar.dataset.step === "250");
    expect(bars.map((bar) => [bar.dataset.mode, bar.dataset.count])).toEqual([
      ["loose_box", "3"],
      ["missed_detection", "5"],
      ["false_positive", "2"],
    ]);
    expect(text("mode-missed_detection")).toBe("missed detections5");
    const headers = [...el.querySelectorAll('[data-testid="mode-table"] thead th')].map((cell) => cell.textContent);
    expect(headers).toEqual(["step", "loose boxes", "missed detections", "false positives", "judged"]);
    expect(el.querySelectorAll('[data-testid="mode-table"] tbody tr')).toHaveLength(6);
  });

  it("narrows the list by an entry of its legend, and back", async () => {
    const { one, model, rows } = await charted();
    one("mode-loose_box").click();
    await until(() => rows().length === 3 && one("mode-loose_box").getAttribute("aria-pressed") === "true");
    expect(model.get("filter")).toEqual({ mode: "loose_box" });
    one("mode-loose_box").click();
    await until(() => rows().length === 12);
  });

  it("leads to the step of a bar, and narrows the list by the piece that is clicked", async () => {
    const { one, model, el } = await charted();
    await until(() => el.querySelectorAll(".ew-modes-bar").length > 0);
    const bar = [...el.querySelectorAll<SVGElement>(".ew-modes-bar")].find(
      ({ dataset }) => dataset.step === "600" && dataset.mode === "loose_box",
    ) as SVGElement;
    const at = (name: string) => Number(bar.getAttribute(name));
    one("mode-plot").dispatchEvent(
      new MouseEvent("click", { bubbles: true, clientX: at("x") + at("width") / 2, clientY: at("y") + at("height") / 2 }),
    );
    expect(model.get("step")).toBe(600);
    expect(model.get("filter")).toEqual({ mode: "loose_box" });
  });

  it("says how far it is, what went wrong, and tries again", async () => {
    let broken = true;
    const { all, text, one, el } = await charted({ fail: ({ kind }) => (broken && kind === "mode_counts" ? "MemoryError" : null) });
    await until(() => all("mode-error").length === 1);
    expect(text("mode-error")).toContain("failure modes cannot be shown: MemoryError");
    broken = false;
    one("mode-error").querySelector("button")?.click();
    await until(() => el.querySelectorAll(".ew-modes-bar").length > 0);
  });

  it("says so where there is no failure mode", async () => {
    const { text, all } = await charted({ modesOf: () => 0 });
    await until(() => all("mode-none").length === 1);
    expect(text("mode-none")).toBe("No failure mode at any step.");
    expect(text("mode-loose_box")).toBe("loose boxes0");
  });

  it("does not call healthy what cannot be judged", async () => {
    const { text, all } = await charted({ modesOf: () => null });
    await until(() => all("mode-none").length === 1);
    expect(text("mode-none")).toBe("No specimen can be judged at any step: there is no ground truth for those evaluated.");
    expect(text("mode-loose_box")).toBe("loose boxes–");
  });
});

describe("findings", () => {
  it("name the failure modes at the step in sight, at once for every step", async () => {
    const { text, press, channel, one, all } = await shown({ modesOf: (_row, step) => (step === 250 ? 3 : 0) });
    await until(() => text("findings-summary") === "loose boxes, missed detections");
    one("findings-toggle").click();
    await until(() => all("finding").length === 2);
    expect(all("evidence").map((element) => element.textContent)).toEqual([
      "two dogs: loose_box at step 250",
      "two dogs: missed_detection at step 250",
    ]);
    expect(one("finding").textContent).toContain("add tight annotations");
    const asked = channel.requests.filter(({ kind }) => kind === "findings").length;
    press("ArrowRight");
    await until(() => text("findings-summary") === "no failure mode");
    expect(text("good")).toBe("Meets 2 criteria of a good prediction: ✓ tight✓ everything found");
    expect(channel.requests.filter(({ kind }) => kind === "findings")).toHaveLength(asked);
  });

  it("narrow the list by a mode", async () => {
    const { one, all, model } = await shown({ modesOf: () => 2 });
    await until(() => all("findings").length === 1);
    one("findings-toggle").click();
    await until(() => all("finding-missed_detection").length === 1);
    one("finding-missed_detection").click();
    expect(model.get("filter")).toEqual({ mode: "missed_detection" });
  });

  it("say that a specimen is not judged, and what went wrong", async () => {
    const none = await shown({ modesOf: () => null });
    await until(() => none.text("findings-summary") === "not judged at this step");
    let broken = true;
    const { text, one, all } = await shown({
      fail: ({ kind }) => (broken && kind === "findings" ? EVIL : null),
      modesOf: () => 1,
    });
    await until(() => text("findings-summary") === "could not be told");
    one("findings-toggle").click();
    await until(() => all("findings-error").length === 1);
    expect(text("findings-error")).toContain(EVIL);
    broken = false;
    one("findings-error").querySelector("button")?.click();
    await until(() => text("findings-summary") === "loose boxes");
    expect((globalThis as { harmed?: boolean }).harmed).toBeUndefined();
  });
});
