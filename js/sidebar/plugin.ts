/** The part of the sidebar that JupyterLab loads when it starts: an icon, commands, and the wish to be told of evaluations.
 * The panel's content is fetched when there is something to show. */
import { hubOfPage } from "../src/hub";
import { drawIcon } from "./icon";
import type { Application, NotebookActions, NotebookTracker, Palette, Restorer, WidgetClass } from "./jupyterlab";
import type { Command, Panel, Surroundings } from "./panel";
import { show, shown } from "./shown";

/** The built file of ``panel.ts``. */
declare const PANEL_FILE: string;

const COMMANDS: [Command, label: string][] = [
  ["show", "Show Evaluations"],
  ["find-runs", "Look for Run Folders"],
  ["to-tab", "Move the Evaluation to a Tab"],
  ["to-sidebar", "Move the Evaluation to the Sidebar"],
];

function activate(
  Widget: WidgetClass,
  actions: NotebookActions,
  app: Application,
  tracker: NotebookTracker | null,
  palette: Palette | null,
  restorer: Restorer | null,
): void {
  const hub = hubOfPage();
  let loading: Promise<Panel> | undefined;

  const place = Object.assign(new Widget(), {
    id: "evalwidget-sidebar",
    onAfterShow: opened,
    // Notebook 7 attaches what is in the left area once that is shown
    onAfterAttach: opened,
    onAfterHide() {
      show({ isOpen: false });
    },
  });
  Object.assign(place.title, { caption: "Evaluations", icon: { render: drawIcon } });
  const surroundings: Surroundings = { app, tracker, actions, Widget, place, hub, shown, show, reveal };

  function opened(): void {
    if (!place.isVisible) return;
    show({ isOpen: true });
    void load();
  }

  function reveal(): void {
    // without this Notebook 7 hides the panel as soon as any other is taken away
    app.shell.leftHandler?.show();
    app.shell.activateById(place.id);
  }

  function load(): Promise<Panel> {
    if (!loading) {
      loading = import(PANEL_FILE).then((module: { createPanel(surroundings: Surroundings): Panel }) => {
        return module.createPanel(surroundings);
      });
      // what the server did not answer now it may answer the next time
      loading.catch(() => (loading = undefined));
    }
    return loading;
  }

  /** Python may ask that an evaluation be shown, and one that was shown before a reload may have come back. */
  function look(): void {
    const wanted = [shown.sidebar, ...shown.tabs];
    if ([...hub.evaluations.values()].some((one) => one.isAskedFor() || wanted.includes(one.key))) void load();
  }

  for (const [name, label] of COMMANDS) {
    const command = `evalwidget:${name}`;
    app.commands.addCommand(command, { label, execute: async () => (await load())[name]() });
    palette?.addItem({ command, category: "Evaluations" });
  }

  // Notebook 7 restores no panels; adding it hides it
  if (shown.isOpen) void app.restored.then(reveal);
  app.shell.add(place, "left", { rank: 650 });
  restorer?.add(place, place.id);
  hub.watchers.add(look);
  look();
}

interface Shared {
  get(): Promise<() => unknown>;
  loaded?: unknown;
}

type Scope = Record<string, Record<string, Shared> | undefined>;

let scope: Scope = {};

const MODULES = ["@lumino/widgets", "@jupyterlab/notebook", "@jupyterlab/apputils", "@jupyterlab/application"];

/** A module that JupyterLab shares with its extensions; of several versions the one in use. */
async function shared(name: string): Promise<unknown> {
  const versions = Object.values(scope[name] ?? {});
  const version = versions.find(({ loaded }) => loaded) ?? versions.at(-1);
  if (!version) throw new Error(`evalwidget: this page has no ${name}`);
  return (await version.get())();
}

const container = {
  init(given: Scope): void {
    scope = given;
  },
  async get(): Promise<() => unknown> {
    const [lumino, notebook, apputils, application] = (await Promise.all(MODULES.map(shared))) as [
      { Widget: WidgetClass },
      { INotebookTracker: unknown; NotebookActions: NotebookActions },
      { ICommandPalette: unknown },
      { ILayoutRestorer: unknown },
    ];
    const plugin = {
      id: "evalwidget:sidebar",
      autoStart: true,
      optional: [notebook.INotebookTracker, apputils.ICommandPalette, application.ILayoutRestorer],
      activate: activate.bind(null, lumino.Widget, notebook.NotebookActions),
    };
    return () => ({ __esModule: true, default: plugin });
  },
};

const page = globalThis as { _JUPYTERLAB?: Record<string, unknown> };
page._JUPYTERLAB = { ...page._JUPYTERLAB, evalwidget: container };
