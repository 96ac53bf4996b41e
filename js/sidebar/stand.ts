/** Where an evaluation stands, in the sidebar or in a tab: its names and buttons in a bar, and its view below. */
import type { Evaluation, Layout } from "../src/hub";
import { element } from "./elements";
import type { Listing } from "./notebooks";

export interface Stand {
  readonly parts: HTMLElement[];
  isTaken(): boolean;
  /** Shows an evaluation, or nothing; what is shown already stays as it is, under the names that it has now. */
  show(listing: Listing | undefined): void;
}

export const nameOf = (path: string): string => path.split("/").at(-1) || path;

export function createStand(layout: Layout, before: HTMLElement[], after: HTMLElement[]): Stand {
  const title = element("span", { class: "ews-title" });
  const stage = element("div", { class: "ews-stage" });
  let shown: Evaluation | undefined;
  let ending = new AbortController();

  function show(listing: Listing | undefined): void {
    if (listing?.evaluation !== shown) {
      ending.abort();
      ending = new AbortController();
      shown = listing?.evaluation;
      shown?.mount(stage, { signal: ending.signal, layout });
    }
    if (!listing) return;
    const { path, localPath } = listing.notebook.context;
    // a name's own direction of writing ends with the name
    title.replaceChildren(element("bdi", {}, listing.evaluation.title()), " · ", element("bdi", {}, nameOf(localPath)));
    title.title = `${title.textContent}\n${path}`;
  }

  return { parts: [element("div", { class: "ews-bar" }, ...before, title, ...after), stage], isTaken: () => !!shown, show };
}
