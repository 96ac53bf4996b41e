/** Where the evaluations of a page and the sidebar meet. Each widget has its own copy of its module and the sidebar another,
 * so that this is a plain object that all of them find. */

/** Where a view stands: in a cell's output, in the narrow sidebar, or in a tab of its own. */
export type Layout = "cell" | "sidebar" | "tab";

export interface Mounting {
  signal: AbortSignal;
  layout: Layout;
}

export interface Evaluation {
  /** The same after a reload of the page, and for what a cell shows when it is run again. */
  readonly key: string;
  /** The notebook's name of the cell that made it, and how many times the kernel had been asked for something by then. */
  readonly cell: string | null;
  readonly execution: number;
  /** The kernel's id and the widget manager, where the page has such things. */
  readonly kernel: string | null;
  readonly manager: unknown;
  title(): string;
  /** Python asked that it be shown in the sidebar, and waits. */
  isAskedFor(): boolean;
  /** Tells Python that it is shown. */
  answer(): void;
  mount(el: HTMLElement, mounting: Mounting): void;
}

export interface Hub {
  readonly evaluations: Map<string, Evaluation>;
  readonly watchers: Set<() => void>;
}

const PLACE = Symbol.for("evalwidget.hub/1");

export function hubOfPage(): Hub {
  const page = globalThis as { [PLACE]?: Hub };
  page[PLACE] ??= { evaluations: new Map(), watchers: new Set() };
  return page[PLACE];
}

export function changed(hub: Hub): void {
  for (const watcher of hub.watchers) watcher();
}

/** Lists an evaluation until the signal, in the place of what the same cell showed before. */
export function register(evaluation: Evaluation, signal: AbortSignal): void {
  const hub = hubOfPage();
  const { key, cell, execution, kernel, manager } = evaluation;
  for (const other of [...hub.evaluations.values()]) {
    if (cell === null || other.cell !== cell || other.kernel !== kernel) continue;
    // that of a notebook that was closed says nothing of now: its kernel may have begun to count anew
    const isOver = other.manager !== manager;
    // after a reload, what the kernel still has comes back in any order
    if (!isOver && other.execution > execution) return;
    if (isOver || other.execution < execution) hub.evaluations.delete(other.key);
  }
  hub.evaluations.set(key, evaluation);
  signal.addEventListener("abort", () => {
    if (hub.evaluations.get(key) !== evaluation) return;
    hub.evaluations.delete(key);
    changed(hub);
  });
  changed(hub);
}
