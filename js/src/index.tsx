import { render as mount } from "preact";
import type { Channel } from "./data/requests";
import type { Model } from "./model";
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

function render({ model, el, signal, host }: RenderProps): () => void {
  const view = new AbortController();
  const store = createStore(model, connect(model, host), view.signal, { isVisible: isOnScreen(el, view.signal) });
  mount(<App store={store} />, el);
  const close = (): void => {
    if (view.signal.aborted) return;
    view.abort();
    mount(null, el);
  };
  signal?.addEventListener("abort", close);
  return close;
}

export default { render };
