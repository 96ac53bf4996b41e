/** Where an evaluation stands, in the sidebar or in a tab: its names and buttons in a bar, and its view below. */
import type { Evaluation, Layout } from "../src/hub";
import { element } from "./elements";
import type { Listing } from "./notebooks";

export interface Stand {
  readonly parts: HTMLElement[];
  /** Shows an evaluation, or nothing; what is shown already stays as it is, under the names that it has now. */
  show(listing?: Listing): void;
}

export function createStand(layout: Layout, before: HTMLElement[], after: HTMLElement): Stand {
  const title = element("span", {});
  const stage = element("div", {});
  let taken: Evaluation | undefined;
  let ending = new AbortController();

  function show(listing?: Listing): void {
    if (listing?.evaluation !== taken) {
      ending.abort();
      ending = new AbortController();
      taken = listing?.evaluation;
      taken?.mount(stage, { signal: ending.signal, layout });
    }
    if (!listing) return;
    // a name's own direction of writing ends with the name
    title.replaceChildren(element("bdi", {}, listing.name), " · ", element("bdi", {}, listing.where));
    title.title = `${title.textContent}\n${listing.path}`;
  }

  const bar = element("div", { className: "ews-bar" }, ...before, title, after);
  return { parts: [bar, stage], show };
}
