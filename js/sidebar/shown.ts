/** What is shown where, by the evaluations' keys, over a reload of the page. */

export interface Shown {
  /** Whether the panel is open. */
  isOpen?: boolean;
  sidebar: string | null;
  tabs: string[];
}

const PLACE = "evalwidget.sidebar";

export const shown: Shown = { sidebar: null, tabs: [], ...JSON.parse(sessionStorage.getItem(PLACE) ?? "{}") };

/** Changes what is shown, and remembers it. */
export function show(change: Partial<Shown>): void {
  sessionStorage.setItem(PLACE, JSON.stringify(Object.assign(shown, change)));
}
