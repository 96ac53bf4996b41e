/** The help: keys, what good looks like, and each failure mode. */
import { describe, expect, it } from "vitest";
import { KEYS_EXPLAINED } from "../src/keyboard";
import { RUN } from "./harness/kernel";
import { shown } from "./mounted";
import { until } from "./settling";

const EVIL = '<img src=x onerror="globalThis.harmed = true">';

async function helped(part: Parameters<typeof shown>[0] = {}) {
  const view = await shown(part);
  view.one("menu-button").focus();
  view.press("?", view.one("menu-button"));
  await until(() => view.all("help").length === 1);
  return view;
}

describe("the help", () => {
  it("opens at the keys, with the focus in it, and gives the focus back", async () => {
    const { one, all, press, text } = await helped();
    expect(one("help").hasAttribute("open")).toBe(true);
    expect(document.activeElement).toBe(one("help-tab-keys"));
    expect(one("help-body").querySelectorAll("dt")).toHaveLength(KEYS_EXPLAINED.length);
    expect(text("help-body")).toContain("next, previous specimen");
    press("Escape", one("help-tab-keys"));
    await until(() => all("help").length === 0);
    expect(document.activeElement).toBe(one("menu-button"));
  });

  it("is closed by its button, by the key that opened it, and beside it", async () => {
    const { one, all, press } = await helped();
    one("help-body").click();
    one("help-close").click();
    await until(() => all("help").length === 0);
    press("?");
    await until(() => all("help").length === 1);
    press("?", one("help-body"));
    await until(() => all("help").length === 0);
    press("?");
    await until(() => all("help").length === 1);
    one("help").click();
    await until(() => all("help").length === 0);
  });

  it("leaves the keys of the view at rest", async () => {
    const { one, press, text } = await helped();
    expect(press("ArrowDown", one("help-body")).defaultPrevented).toBe(false);
    press("ArrowRight", one("help-body"));
    expect(text("step-label")).toBe("step 250 · epoch 2.0");
  });

  it("moves between its sections by arrows, round the end", async () => {
    const { one, press, text } = await helped();
    const selected = () => one("help").querySelector('[aria-selected="true"]');
    press("ArrowRight", one("help-tab-keys"));
    await until(() => selected() === one("help-tab-good"));
    expect(document.activeElement).toBe(one("help-tab-good"));
    expect(one("help-tab-good").tabIndex).toBe(0);
    expect(one("help-tab-keys").tabIndex).toBe(-1);
    expect(one("help-body").getAttribute("aria-label")).toBe("What good looks like");
    for (const { meaning } of RUN.good) expect(text("help-body")).toContain(meaning);
    expect(one("help-body").querySelectorAll(".ew-pic")).toHaveLength(RUN.good.length);
    press("End", one("help-tab-good"));
    await until(() => selected() === one("help-tab-modes"));
    press("ArrowRight", one("help-tab-modes"));
    await until(() => selected() === one("help-tab-keys"));
  });

  it("has every failure mode of the run, in words and drawn", async () => {
    const { one, text } = await helped();
    one("help-tab-modes").click();
    await until(() => one("help").dataset.section === "modes");
    for (const { key, name, meaning, definition, advice } of RUN.modes) {
      for (const words of [name, meaning, definition, advice]) expect(text(`explained-${key}`)).toContain(words);
      expect(one(`explained-${key}`).querySelectorAll(".ew-pic-truth").length).toBeGreaterThan(0);
    }
  });

  it("opens at the failure mode that a finding asks for", async () => {
    const { one, all, press } = await shown({ modesOf: () => 3 });
    await until(() => all("findings").length === 1);
    one("findings-toggle").click();
    await until(() => all("explain-missed_detection").length === 1);
    one("explain-missed_detection").focus();
    one("explain-missed_detection").click();
    await until(() => all("help").length === 1);
    expect(document.activeElement).toBe(one("explained-missed_detection"));
    expect(one("explained-missed_detection").dataset.wanted).toBe("true");
    expect(one("explained-loose_box").dataset.wanted).toBe("false");
    press("Escape", one("explained-missed_detection"));
    await until(() => all("help").length === 0);
    expect(document.activeElement).toBe(one("explain-missed_detection"));
  });

  it("opens at what good looks like from a specimen without failure mode", async () => {
    const { one, all } = await shown({ modesOf: () => 0 });
    await until(() => all("findings").length === 1);
    one("findings-toggle").click();
    await until(() => all("explain-good").length === 1);
    one("explain-good").click();
    await until(() => all("help").length === 1);
    expect(one("help").dataset.section).toBe("good");
  });

  it("has the keys alone where a run has no failure modes", async () => {
    const { one, all } = await helped({ run: { ...RUN, modes: [], good: [] } });
    expect(all("help-tab-modes")).toEqual([]);
    expect(one("help").dataset.section).toBe("keys");
  });

  it("shows words as they are", async () => {
    const [first] = RUN.modes;
    if (!first) throw new Error("the run has no failure mode");
    const { one, text } = await helped({ run: { ...RUN, modes: [{ ...first, definition: EVIL }] } });
    one("help-tab-modes").click();
    await until(() => one("help").dataset.section === "modes");
    expect(text("help-body")).toContain(EVIL);
    expect((globalThis as { harmed?: boolean }).harmed).toBeUndefined();
  });
});
