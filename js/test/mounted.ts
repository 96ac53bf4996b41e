/** A whole view over a stand-in for Python. Timers are fake; what is still open is closed after each test. */
import { afterEach, beforeEach, vi } from "vitest";
import widget from "../src/index";
import { answering, FakeChannel, FakeModel, RUN, type Scenario } from "./harness/kernel";
import { until } from "./settling";

const open: (() => void)[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("createImageBitmap", async () => ({ width: 640, height: 480, close: () => {} }));
});

afterEach(() => {
  for (const close of open.splice(0)) close();
  vi.runOnlyPendingTimers();
  vi.runOnlyPendingTimers();
  document.body.replaceChildren();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

export function show(part: Partial<Scenario> = {}, traits: Record<string, unknown> = {}, hasHost = true) {
  const model = new FakeModel({ _run: part.run ?? RUN, step: 250, ...traits });
  const channel = new FakeChannel(answering({ image: [1], ...part }));
  const el = document.createElement("div");
  document.body.append(el);
  const close = widget.render({ model, el, host: hasHost ? { getModel: async () => channel } : undefined });
  open.push(close);
  const all = (id: string) => [...el.querySelectorAll<HTMLElement>(`[data-testid="${id}"]`)];
  const one = (id: string): HTMLElement => {
    const [found] = all(id);
    if (!found) throw new Error(`nothing has the test id ${id}`);
    return found;
  };
  const text = (id: string) => all(id)[0]?.textContent ?? "";
  const press = (key: string, target = one("root"), more: KeyboardEventInit = {}) => {
    const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
    target.dispatchEvent(event);
    return event;
  };
  return { model, channel, el, close, all, one, text, press };
}

export async function shown(part: Partial<Scenario> = {}, traits: Record<string, unknown> = {}) {
  const view = show(part, traits);
  await until(() => view.all("panel-prediction").length === 1 && view.one("root").dataset.state === "ready");
  return view;
}
