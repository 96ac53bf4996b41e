import { describe, expect, it } from "vitest";
import { shown } from "./mounted";
import { RUN } from "./harness/kernel";
import { until } from "./settling";

const SCRIPT = "<img src=x onerror=harm()>";
const TOLD = {
  version: 2,
  overlays: [
    { name: "marks", panel: "prediction" },
    { name: SCRIPT, panel: "both" },
  ],
};
const SCENARIO = { overlays: ["marks", SCRIPT] };

describe("the menu", () => {
  it("has a toggle for each overlay in their order, its name as text, and none where there are none", async () => {
    const view = await shown(SCENARIO, { _overlays: TOLD });
    view.one("menu-button").click();
    await until(() => view.all("overlays").length === 1);
    const entries = [...view.one("overlays").querySelectorAll("label")];
    expect(entries.map((entry) => entry.textContent)).toEqual(["marks", SCRIPT]);
    expect(view.one("overlays").querySelector("img")).toBeNull();
    view.model.setFromPython("_overlays", { version: 2, overlays: [] });
    await until(() => view.all("overlays").length === 0);
  });

  it("tells Python what is hidden, and follows what Python says", async () => {
    const view = await shown(SCENARIO, { _overlays: TOLD, _hidden_overlays: [SCRIPT] });
    view.one("menu-button").click();
    await until(() => view.all("overlays").length === 1);
    const boxes = () => [...view.one("overlays").querySelectorAll("input")];
    expect(boxes().map(({ checked }) => checked)).toEqual([true, false]);
    boxes()[0]?.click();
    expect(view.model.saves.at(-1)).toEqual({ _hidden_overlays: [SCRIPT, "marks"] });
    view.model.setFromPython("_hidden_overlays", ["marks"]);
    await until(() => boxes()[1]?.checked === true);
    expect(boxes().map(({ checked }) => checked)).toEqual([false, true]);
  });
});

describe("over the panels", () => {
  it("a canvas holds what is drawn over its side", async () => {
    const view = await shown(SCENARIO, { _overlays: TOLD });
    await until(() => view.all("overlays-prediction").length === 1 && view.all("overlays-truth").length === 1);
    view.model.setFromPython("_hidden_overlays", [SCRIPT]);
    await until(() => view.all("overlays-truth").length === 0);
    expect(view.all("overlays-prediction").length).toBe(1);
  });

  it("the compared step has the drawings of its own step, unless it is another run's", async () => {
    const view = await shown(SCENARIO, { _overlays: TOLD, compare_step: 50 });
    await until(() => view.all("overlays-compared").length === 1);
    const other = { name: "other", steps: [50], epochs: [null] };
    const beside = await shown({ ...SCENARIO, run: { ...RUN, other } }, { _overlays: TOLD, compare_step: 50 });
    await until(() => beside.all("overlays-prediction").length === 1 && beside.all("canvas-compared").length === 1);
    expect(beside.all("overlays-compared").length).toBe(0);
  });
});

describe("a notice", () => {
  it("says what could not be drawn at the step in sight and at the one compared, as text", async () => {
    const overlayMessage = (name: string, row: number, step: number) => (name === SCRIPT && row === 0 && step !== 250 ? `${SCRIPT} ${step}` : "");
    const view = await shown({ ...SCENARIO, overlayMessage }, { _overlays: TOLD });
    await until(() => view.all("overlays-prediction").length === 1);
    expect(view.all("overlay-notices").length).toBe(0);
    view.press("ArrowRight");
    await until(() => view.all("overlay-notices").length === 1);
    expect(view.text("overlay-notices")).toBe(`${SCRIPT} 500`);
    expect(view.one("overlay-notices").querySelector("img")).toBeNull();
    expect(view.all("panel-prediction").length).toBe(1);
    view.model.setFromPython("compare_step", 50);
    await until(() => view.one("overlay-notices").querySelectorAll("p").length === 2);
    view.model.setFromPython("compare_step", null);
    view.press("ArrowLeft");
    await until(() => view.all("overlay-notices").length === 0);
  });
});
