/** Notebooks that are open in the page: which evaluations are theirs, and cells put into them. */
import type { Evaluation } from "../src/hub";
import type { Application, NotebookActions, NotebookPanel, NotebookTracker } from "./jupyterlab";
import { folderOf, openingCell } from "./openingCell";

export interface Notebooks {
  app: Application;
  tracker: NotebookTracker | null;
  actions: NotebookActions;
}

/** An evaluation of a notebook that is open, with the place of its cell in the notebook. */
export interface Listing {
  evaluation: Evaluation;
  notebook: NotebookPanel;
  place: number;
  prompt: string;
}

const GONE = ["dead", "terminating", "restarting", "autorestarting"];

/** The evaluations of kernels whose notebooks are open, in the order of the notebooks and of their cells. */
export function listings(evaluations: Iterable<Evaluation>, tracker: NotebookTracker | null): Listing[] {
  const all = [...evaluations];
  const listed: Listing[] = [];
  const seen = new Set<Evaluation>();
  tracker?.forEach((notebook) => {
    const kernel = notebook.sessionContext.session?.kernel;
    if (!kernel || GONE.includes(kernel.status)) return;
    const cells = [...(notebook.context.model.cells ?? [])];
    const own = all.filter(({ manager, kernel: id }) => {
      return id === kernel.id && (manager as { context?: unknown } | null)?.context === notebook.context;
    });
    for (const evaluation of own) {
      if (seen.has(evaluation)) continue; // one notebook may be open twice
      seen.add(evaluation);
      const place = cells.findIndex(({ id }) => id === evaluation.cell);
      const count = cells[place]?.executionCount;
      listed.push({ evaluation, notebook, place, prompt: count ? ` [${count}]` : "" });
    }
  });
  const order = [...new Set(listed.map(({ notebook }) => notebook))];
  return listed.sort(
    (a, b) =>
      order.indexOf(a.notebook) - order.indexOf(b.notebook) ||
      a.place - b.place ||
      a.evaluation.execution - b.evaluation.execution,
  );
}

async function runNewCell({ actions, app }: Notebooks, panel: NotebookPanel, source: string): Promise<void> {
  const { content, context, sessionContext } = panel;
  await Promise.all([context.ready, sessionContext.ready]);
  const at = Math.min(content.activeCellIndex + 1, content.widgets.length);
  context.model.sharedModel.insertCell(at, { cell_type: "code", source });
  content.deselectAll();
  content.activeCellIndex = at;
  app.shell.activateById(panel.id);
  await actions.run(content, sessionContext);
}

/** Where a notebook that is still to be opened, maybe in a page of its own, is named for it to be run there. */
const PENDING = "evalwidget.opening";
const PENDING_MS = 60_000;

/** Runs the first cell of a notebook that was started here to open a run. */
export async function runStarted({ actions }: Notebooks, panel: NotebookPanel): Promise<void> {
  const { path, until } = JSON.parse(localStorage.getItem(PENDING) ?? "{}") as { path?: string; until?: number };
  if (path !== panel.context.path || Date.now() > (until ?? 0)) return;
  localStorage.removeItem(PENDING);
  await Promise.all([panel.context.ready, panel.sessionContext.ready]);
  panel.content.activeCellIndex = 0;
  await actions.run(panel.content, panel.sessionContext);
}

/** Whether a notebook waits to be run by ``runStarted``. */
export function isStarting(): boolean {
  return localStorage.getItem(PENDING) !== null;
}

async function startNotebook({ app }: Notebooks, folder: string): Promise<void> {
  const { contents, kernelspecs } = app.serviceManager;
  await kernelspecs.ready;
  const specs = Object.values(kernelspecs.specs?.kernelspecs ?? {}).filter((spec) => spec?.language === "python");
  const spec = specs.find((one) => one?.name === kernelspecs.specs?.default) ?? specs[0];
  const { path } = await contents.newUntitled({ path: folderOf(folder), type: "notebook" });
  const cell = { cell_type: "code", id: "open-run", metadata: {}, outputs: [], execution_count: null };
  const content = {
    cells: [{ ...cell, source: openingCell(folder, path) }],
    metadata: spec ? { kernelspec: { name: spec.name, display_name: spec.display_name, language: "python" } } : {},
    nbformat: 4,
    nbformat_minor: 5,
  };
  await contents.save(path, { type: "notebook", format: "json", content });
  localStorage.setItem(PENDING, JSON.stringify({ path, until: Date.now() + PENDING_MS }));
  await app.commands.execute("docmanager:open", { path });
}

/** Opens a run folder in a cell of the active notebook, or in a new one where none is of Python. */
export async function openRun(notebooks: Notebooks, folder: string): Promise<void> {
  const active = notebooks.tracker?.currentWidget;
  const language = active?.context.model.defaultKernelLanguage || "python";
  if (!active || language !== "python") return startNotebook(notebooks, folder);
  return runNewCell(notebooks, active, openingCell(folder, active.context.localPath));
}
