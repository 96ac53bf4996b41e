/** Notebooks that are open in the page: which evaluations are theirs, and cells put into them. */
import type { Evaluation } from "../src/hub";
import type { Application, NotebookActions, NotebookPanel, NotebookTracker } from "./jupyterlab";
import { folderOf, nameOf, openingCell } from "./openingCell";

export interface Notebooks {
  app: Application;
  tracker: NotebookTracker | null;
  actions: NotebookActions;
}

/** An evaluation of a notebook that is open. */
export interface Listing {
  evaluation: Evaluation;
  name: string;
  /** The notebook's name, and the number of the cell where that has been run. */
  where: string;
  /** The notebook's. */
  path: string;
}

/** The evaluations of kernels whose notebooks are open, by their keys, in the order of the notebooks and of their cells. */
export function listings(evaluations: Iterable<Evaluation>, tracker: NotebookTracker | null): Map<string, Listing> {
  const all = [...evaluations];
  const listed = new Map<string, Listing>();
  tracker?.forEach(({ context, sessionContext }) => {
    const kernel = sessionContext.session?.kernel;
    if (!kernel || /dead|terminating|restarting/.test(kernel.status)) return;
    const cells = [...(context.model.cells ?? [])];
    const own = all.filter((one) => one.kernel === kernel.id && (one.manager as { context?: unknown })?.context === context);
    const place = ({ cell }: Evaluation): number => cells.findIndex(({ id }) => id === cell);
    own.sort((a, b) => place(a) - place(b) || a.execution - b.execution);
    const { path, localPath } = context;
    for (const evaluation of own) {
      const count = cells[place(evaluation)]?.executionCount;
      const where = nameOf(localPath) + (count ? ` [${count}]` : "");
      listed.set(evaluation.key, { evaluation, name: evaluation.title(), where, path });
    }
  });
  return listed;
}

/** Runs a cell of a notebook, once that is there; which one is asked then. */
async function run({ app, actions }: Notebooks, panel: NotebookPanel, place: () => number): Promise<void> {
  const { content, context, sessionContext } = panel;
  await Promise.all([context.ready, sessionContext.ready]);
  const at = place();
  content.deselectAll();
  content.activeCellIndex = at;
  app.shell.activateById(panel.id);
  await actions.run(content, sessionContext);
}

async function startNotebook(notebooks: Notebooks, folder: string): Promise<void> {
  const { commands, serviceManager } = notebooks.app;
  const { path } = await serviceManager.contents.newUntitled({ path: folderOf(folder), type: "notebook" });
  const source = openingCell(folder, path);
  const content = {
    cells: [{ cell_type: "code", id: "open-run", metadata: {}, outputs: [], execution_count: null, source }],
    metadata: { kernelspec: { name: "python3", display_name: "Python 3" } },
    nbformat: 4,
    nbformat_minor: 5,
  };
  await serviceManager.contents.save(path, { type: "notebook", format: "json", content });
  // Notebook 7 opens it in a page of its own, where it waits to be run
  const panel = await commands.execute("docmanager:open", { path, factory: "Notebook" });
  if (panel) await run(notebooks, panel as NotebookPanel, () => 0);
}

/** Opens a run folder in a cell of the active notebook, or in a new one where none is of Python. */
export async function openRun(notebooks: Notebooks, folder: string): Promise<void> {
  const active = notebooks.tracker?.currentWidget;
  if (!active || (active.context.model.defaultKernelLanguage || "python") !== "python") {
    return startNotebook(notebooks, folder);
  }
  const { content, context } = active;
  await run(notebooks, active, () => {
    const at = content.activeCellIndex + 1;
    context.model.sharedModel.insertCell(at, { cell_type: "code", source: openingCell(folder, context.localPath) });
    return at;
  });
}
