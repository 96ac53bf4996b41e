import { afterEach, describe, expect, it, vi } from "vitest";
import { type Evaluation, hubOfPage, register } from "../src/hub";
import widget from "../src/index";
import { foldedAt } from "../src/layout";
import { FakeModel, RUN } from "./harness/kernel";

const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
  hubOfPage().watchers.clear();
});

type Manager = NonNullable<Parameters<typeof widget.initialize>[0]["model"]["widget_manager"]>;

/** A notebook's widget manager. */
const managerOf = (kernel: string): Manager => ({ kernel: { id: kernel }, get_model: async () => ({}) as never });

const HERE = managerOf("k");

/** A widget as a page makes it: registered until it is ended. */
function made(origin: { cell: string | null; execution: number; place: number }, { reference = "anywidget:data", manager = HERE } = {}) {
  const model = Object.assign(new FakeModel({ _run: RUN, _origin: origin, _data: reference }), { widget_manager: manager });
  const end = widget.initialize({ model });
  ends.push(end);
  return { model, end };
}

const listed = (): Evaluation[] => [...hubOfPage().evaluations.values()];

describe("the hub", () => {
  it("lists an evaluation by its run's name until its model ends", () => {
    const { end } = made({ cell: "a", execution: 1, place: 0 });
    expect(listed().map((one) => one.title())).toEqual([RUN.name]);
    end();
    expect(listed()).toEqual([]);
  });

  it("puts what a cell makes when it is run again in the place of what it made before", () => {
    made({ cell: "a", execution: 1, place: 0 });
    made({ cell: "a", execution: 1, place: 1 });
    const before = listed().map(({ key }) => key);
    made({ cell: "a", execution: 4, place: 0 });
    expect(listed().map(({ key, execution }) => [key, execution])).toEqual([[before[0], 4]]);
  });

  it("keeps the newest of a cell whatever order they come back in", () => {
    made({ cell: "a", execution: 4, place: 0 });
    made({ cell: "a", execution: 1, place: 0 });
    expect(listed().map(({ execution }) => execution)).toEqual([4]);
  });

  it("takes what a notebook that is open anew has for newer than what it had before it was closed", () => {
    made({ cell: "a", execution: 4, place: 0 });
    made({ cell: "a", execution: 1, place: 0 }, { manager: managerOf("k") });
    expect(listed().map(({ execution }) => execution)).toEqual([1]);
  });

  it("does not take cells of other kernels, or no cell, for the same", () => {
    made({ cell: "a", execution: 1, place: 0 });
    made({ cell: "a", execution: 2, place: 0 }, { manager: managerOf("other") });
    made({ cell: null, execution: 3, place: 0 }, { reference: "anywidget:one" });
    made({ cell: null, execution: 4, place: 0 }, { reference: "anywidget:two" });
    expect(listed()).toHaveLength(4);
  });

  it("drops an evaluation whose kernel is gone, and not the one that came in its place", () => {
    const { model, end } = made({ cell: "a", execution: 1, place: 0 });
    made({ cell: "a", execution: 2, place: 0 });
    end();
    expect(listed().map(({ execution }) => execution)).toEqual([2]);
    const { model: last } = made({ cell: "b", execution: 3, place: 0 });
    last.trigger("comm_live_update");
    expect(listed().map(({ cell }) => cell)).toEqual(["a"]);
    model.trigger("comm_live_update");
  });

  it("tells watchers what changes, and passes on what Python asks for and the answer", () => {
    const { model } = made({ cell: "a", execution: 1, place: 0 });
    const told = vi.fn();
    hubOfPage().watchers.add(told);
    const [evaluation] = listed();
    expect(evaluation?.isAskedFor()).toBe(false);
    model.setFromPython("_sidebar_asked", true);
    expect(told).toHaveBeenCalledOnce();
    expect(evaluation?.isAskedFor()).toBe(true);
    evaluation?.answer();
    expect(evaluation?.isAskedFor()).toBe(false);
    expect(model.saves).toEqual([{ _sidebar_asked: false }]);
  });

  it("is one for all copies of its module", () => {
    const page = globalThis as unknown as Record<symbol, unknown>;
    expect(page[Symbol.for("evalwidget.hub/1")]).toBe(hubOfPage());
    const ending = new AbortController();
    register({ key: "x", cell: null, execution: 0, kernel: null } as Evaluation, ending.signal);
    expect(hubOfPage().evaluations.has("x")).toBe(true);
    ending.abort();
    expect(hubOfPage().evaluations.has("x")).toBe(false);
  });
});

describe("what folds", () => {
  it("is told by the width, and is all but the least in the sidebar", () => {
    expect(foldedAt(700, "cell")).toBe("");
    expect(foldedAt(639, "tab")).toBe("folded");
    expect(foldedAt(479, "cell")).toBe("folded stacked");
    expect(foldedAt(250, "cell")).toBe("folded stacked least");
    expect(foldedAt(700, "sidebar")).toBe("folded stacked");
    expect(foldedAt(250, "sidebar")).toBe("folded stacked least");
  });
});
