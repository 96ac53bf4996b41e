import { render as draw } from "preact";
import type { Channel } from "./data/requests";
import { changed, hubOfPage, type Mounting, register } from "./hub";
import { type Model, originOf, runsOf } from "./model";
import { createStore } from "./store";
import { App } from "./views/App";

export interface Host {
  getModel(reference: string): Promise<Channel>;
}

export interface RenderProps {
  model: Model;
  el: HTMLElement;
  signal?: AbortSignal;
  host?: Host;
}

/** The part of a page's widget manager that is used; pages that are not JupyterLab have another or none. */
interface Manager {
  kernel?: { id: string } | null;
  get_model(id: string): Promise<Channel>;
}

export interface InitializeProps {
  model: Model & { widget_manager?: Manager };
  signal?: AbortSignal;
}

/** What anywidget writes before the id of a model that a trait refers to. */
const REFERENCE = "anywidget:";

async function connect(model: Model, host: Host | undefined): Promise<Channel> {
  const reference = model.get("_data");
  if (!host || typeof reference !== "string") throw new Error("evalwidget needs anywidget 0.11 or later");
  return host.getModel(reference);
}

function isOnScreen(el: HTMLElement, signal: AbortSignal): () => boolean {
  let seen = true;
  const observer = new IntersectionObserver((entries) => {
    seen = entries.at(-1)?.isIntersecting ?? true;
  });
  observer.observe(el);
  signal.addEventListener("abort", () => observer.disconnect());
  return () => seen && !document.hidden;
}

function mount(model: Model, el: HTMLElement, channel: Promise<Channel>, { signal, layout }: Mounting): void {
  const store = createStore(model, channel, signal, { isVisible: isOnScreen(el, signal) });
  draw(<App store={store} layout={layout} />, el);
  signal.addEventListener("abort", () => draw(null, el));
}

/** Lists the evaluation for the sidebar, as long as its kernel has it. */
function initialize({ model, signal }: InitializeProps): () => void {
  const listed = new AbortController();
  const end = (): void => listed.abort();
  const manager = model.widget_manager;
  const reference = String(model.get("_data"));
  const kernel = manager?.kernel?.id ?? null;
  const { cell, execution, place } = originOf(model);
  const host = manager && { getModel: (asked: string) => manager.get_model(asked.slice(REFERENCE.length)) };
  register(
    {
      key: JSON.stringify(cell === null ? [kernel, reference] : [kernel, cell, place]),
      cell,
      execution,
      kernel,
      manager,
      title: () => runsOf(model),
      isAskedFor: () => model.get("_sidebar_asked") === true,
      answer: () => {
        model.set("_sidebar_asked", false);
        model.save_changes();
      },
      mount: (el, mounting) => mount(model, el, connect(model, host), mounting),
    },
    listed.signal,
  );
  const tell = (): void => changed(hubOfPage());
  const events = { "change:_sidebar_asked": tell, "change:_run": tell, comm_live_update: end };
  for (const [event, handler] of Object.entries(events)) model.on(event, handler);
  listed.signal.addEventListener("abort", () => {
    for (const [event, handler] of Object.entries(events)) model.off(event, handler);
  });
  signal?.addEventListener("abort", end);
  return end;
}

function render({ model, el, signal, host }: RenderProps): () => void {
  const view = new AbortController();
  mount(model, el, connect(model, host), { signal: view.signal, layout: "cell" });
  const close = (): void => view.abort();
  signal?.addEventListener("abort", close);
  return close;
}

export default { initialize, render };
