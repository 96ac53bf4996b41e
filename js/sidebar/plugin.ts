/** The part of the sidebar that JupyterLab loads when it starts: an icon, commands, and the wish to be told of evaluations.
 * The panel's content is fetched when there is something to show. */
import { hubOfPage } from "../src/hub";
import { drawIcon } from "./icon";
import type { Application, NotebookActions, NotebookTracker, Palette, Restorer, WidgetClass } from "./jupyterlab";
import { memory, openness } from "./memory";
import { isStarting, runStarted } from "./notebooks";
import type { Panel, Surroundings } from "./panel";

/** The built file of ``panel.ts``. */
declare const PANEL_FILE: string;

interface Shared {
  get(): Promise<() => unknown>;
  loaded?: unknown;
}

type Scope = Record<string, Record<string, Shared> | undefined>;

/** A module that JupyterLab shares with its extensions; of several versions the one in use. */
async function shared<T>(scope: Scope, name: string): Promise<T> {
  const versions = Object.values(scope[name] ?? {});
  const version = versions.find(({ loaded }) => loaded) ?? versions.at(-1);
  if (!version) throw new Error(`evalwidget: this page shares no ${name}`);
  return (await version.get())() as T;
}

function createPlugin(
  Widget: WidgetClass,
  actions: NotebookActions,
  tokens: { palette: unknown; restorer: unknown; tracker: unknown },
) {
  function activate(
    app: Application,
    tracker: NotebookTracker | null,
    palette: Palette | null,
    restorer: Restorer | null,
  ): void {
    const hub = hubOfPage();
    let loading: Promise<Panel> | undefined;
    let loaded: Panel | undefined;

    class Place extends Widget {
      override onAfterShow(): void {
        openness.write(true);
        void load();
      }
      override onAfterHide(): void {
        openness.write(false);
      }
      override onAfterAttach(): void {
        if (this.isVisible) void load();
      }
    }
    const place = new Place();
    place.id = "evalwidget-sidebar";
    place.title.caption = "Evaluations";
    place.title.icon = { render: drawIcon };
    const surroundings: Surroundings = { app, tracker, actions, Widget, place, memory, reveal };

    function reveal(): void {
      // without this Notebook 7 hides the panel as soon as any other is taken away
      app.shell.leftHandler?.show();
      app.shell.activateById(place.id);
    }

    function load(): Promise<Panel> {
      loading ??= import(PANEL_FILE).then((module: { createPanel(surroundings: Surroundings): Panel }) => {
        loaded = module.createPanel(surroundings);
        return loaded;
      });
      // what the server did not answer now it may answer the next time
      loading.catch(() => (loading = undefined));
      return loading;
    }

    /** Python may ask that an evaluation be shown, and one that was shown before a reload may have come back. */
    function look(): void {
      if (loaded) return;
      const { sidebar, tabs } = memory.read();
      const wanted = [sidebar, ...tabs];
      const isWanted = [...hub.evaluations.values()].some((one) => one.isAskedFor() || wanted.includes(one.key));
      if (isWanted) void load();
    }

    const commands: [id: string, label: string, run: (panel: Panel) => void, isEnabled?: (panel: Panel) => boolean][] = [
      ["show", "Show Evaluations", reveal],
      ["find-runs", "Look for Run Folders", (panel) => panel.findRuns()],
      ["to-tab", "Move the Evaluation to a Tab", (panel) => panel.toTab(), (panel) => panel.hasShown()],
      ["to-sidebar", "Move the Evaluation to the Sidebar", (panel) => panel.toSidebar(), (panel) => panel.hasTab()],
    ];
    for (const [name, label, run, isEnabled] of commands) {
      const command = `evalwidget:${name}`;
      app.commands.addCommand(command, {
        label,
        execute: async () => run(await load()),
        isEnabled: () => isEnabled === undefined || (loaded !== undefined && isEnabled(loaded)),
      });
      palette?.addItem({ command, category: "Evaluations" });
    }

    // adding it hides it
    const wasOpen = openness.read();
    app.shell.add(place, "left", { rank: 650 });
    restorer?.add(place, place.id);
    // Notebook 7 restores no panels
    if (wasOpen) void app.restored.then(reveal);
    hub.watchers.add(look);
    look();
    tracker?.widgetAdded.connect((_, notebook) => {
      if (isStarting()) void runStarted(surroundings, notebook);
    });
  }

  return {
    id: "evalwidget:sidebar",
    description: "Evaluations of open notebooks, and run folders, in the sidebar.",
    autoStart: true,
    optional: [tokens.tracker, tokens.palette, tokens.restorer],
    activate,
  };
}

let scope: Scope = {};

const container = {
  init(given: Scope): void {
    scope = given;
  },
  async get(): Promise<() => unknown> {
    const [lumino, notebook, apputils, application] = await Promise.all([
      shared<{ Widget: WidgetClass }>(scope, "@lumino/widgets"),
      shared<{ INotebookTracker: unknown; NotebookActions: NotebookActions }>(scope, "@jupyterlab/notebook"),
      shared<{ ICommandPalette: unknown }>(scope, "@jupyterlab/apputils"),
      shared<{ ILayoutRestorer: unknown }>(scope, "@jupyterlab/application"),
    ]);
    const tokens = {
      tracker: notebook.INotebookTracker,
      palette: apputils.ICommandPalette,
      restorer: application.ILayoutRestorer,
    };
    const plugin = createPlugin(lumino.Widget, notebook.NotebookActions, tokens);
    return () => ({ __esModule: true, default: plugin });
  },
};

const page = globalThis as { _JUPYTERLAB?: Record<string, unknown> };
page._JUPYTERLAB = { ...page._JUPYTERLAB, evalwidget: container };
