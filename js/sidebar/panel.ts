/** The content of the sidebar's panel: evaluations and run folders to choose from, or the evaluation that was chosen; and
 * the tabs that evaluations were moved to. */
import type { Hub } from "../src/hub";
import { button, element } from "./elements";
import type { NotebookPanel, Widget, WidgetClass } from "./jupyterlab";
import { type Listing, listings, type Notebooks, openRun } from "./notebooks";
import { nameOf } from "./openingCell";
import styles from "./panel.css";
import { createRows } from "./rows";
import { findRuns, MOST_FOLDERS, MOST_LEVELS } from "./runFolders";
import type { Shown } from "./shown";
import { createStand, type Stand } from "./stand";

export interface Surroundings extends Notebooks {
  Widget: WidgetClass;
  /** The widget in the left bar that is to be filled. */
  place: Widget;
  hub: Hub;
  readonly shown: Readonly<Shown>;
  show(change: Partial<Shown>): void;
  /** Opens the panel. */
  reveal(): void;
}

export type Command = "show" | "find-runs" | "to-tab" | "to-sidebar";

export type Panel = Record<Command, () => void>;

const EXAMPLE = 'import evalwidget as ew\n\new.demo_run("grounding").compare()';

function fill(widget: Widget, parts: HTMLElement[]): void {
  widget.addClass("jp-SidePanel");
  widget.addClass("ews");
  widget.node.replaceChildren(...parts);
}

type Tab = Widget & { stand: Stand };

export function createPanel(surroundings: Surroundings): Panel {
  const { app, tracker, Widget, place, hub, shown, show, reveal } = surroundings;
  const tabs = new Map<string, Tab>();
  let isDue = false;
  let isLooking = false;
  let failure = "";

  const note = element("p", { role: "status" });
  const evaluations = createRows("Evaluations", (key) => activate(key) || choose(key));
  const empty = element(
    "div",
    {},
    element("p", {}, "No open notebook has an evaluation. Open a run folder below, or run this:"),
    element("pre", {}, EXAMPLE),
  );
  const folders = createRows("Run folders", open);
  const foldersNote = element("p", { role: "status" });
  const again = button(look, "Look again");
  const header = (title: string, ...more: HTMLElement[]): HTMLElement =>
    element("div", { className: "jp-SidePanel-header" }, element("h2", {}, title), ...more);
  const choice = element(
    "div",
    { className: "ews-choice" },
    header("Evaluations"),
    note,
    evaluations.list,
    empty,
    header("Run folders", again),
    folders.list,
    foldersNote,
  );
  const back = button(() => choose(null), "‹ All");
  const stand = createStand("sidebar", [back], button(toTab, "To a tab"));

  const isChoosing = (): boolean => place.node.contains(choice);
  const hasFocus = (): boolean => place.node.contains(document.activeElement);

  /** Sets where evaluations are to be shown, and brings the page to it. */
  function want(sidebar: string | null, inTabs = shown.tabs): void {
    show({ sidebar, tabs: inTabs.filter((key) => key !== sidebar) });
    update();
  }

  /** Shows an evaluation in the sidebar, or the choice. */
  function choose(key: string | null): void {
    const before = shown.sidebar;
    want(key);
    (key === null ? (evaluations.rowOf(before) ?? again) : back).focus();
  }

  /** Shows an evaluation in the sidebar, and that in the page. */
  function bring(key: string | null): void {
    reveal();
    choose(key);
  }

  function toTab(): void {
    const key = shown.sidebar as string;
    if (isChoosing()) return reveal();
    want(null, [...shown.tabs, key]);
    activate(key);
  }

  /** Moves the tab in front back to the sidebar, or else the one that was opened last. */
  function toSidebar(): void {
    const all = [...tabs];
    const moved = all.find(([, tab]) => tab === app.shell.currentWidget) ?? all.at(-1);
    if (moved) bring(moved[0]);
    else reveal();
  }

  /** Brings a tab to the front; whether there is one. */
  function activate(key: string): boolean {
    const tab = tabs.get(key);
    if (!tab) return false;
    // Notebook 7 leaves a tab below its notebook behind the one in front
    const area = tab.parent?.parent;
    if (area && "currentWidget" in area) area.currentWidget = tab;
    app.shell.activateById(tab.id);
    return true;
  }

  function openTab(key: string): Tab {
    const tab: Tab = Object.assign(new Widget(), {
      id: `evalwidget-tab-${key}`,
      stand: createStand("tab", [], button(() => bring(key), "To the sidebar")),
      onCloseRequest() {
        want(
          shown.sidebar,
          shown.tabs.filter((one) => one !== key),
        );
      },
      // JupyterLab holds for current what has the focus
      onActivateRequest() {
        tab.node.querySelector<HTMLElement>(".ew-root")?.focus();
      },
    });
    fill(tab, tab.stand.parts);
    tabs.set(key, tab);
    // one that comes back must not cover what its user works in
    app.shell.add(tab, "main", { activate: false });
    if (tab.parent === null) {
      // Notebook 7 has one widget in its main area, and tabs below it that are no higher than they must be
      tab.node.style.minHeight = "45vh";
      app.shell.add(tab, "down");
    }
    return tab;
  }

  function updateTabs(live: Map<string, Listing>): void {
    for (const [key, tab] of [...tabs]) {
      if (shown.tabs.includes(key) && live.has(key)) continue;
      tabs.delete(key);
      tab.stand.show();
      tab.dispose();
    }
    for (const key of shown.tabs) {
      const listing = live.get(key);
      if (!listing) continue;
      const tab = tabs.get(key) ?? openTab(key);
      Object.assign(tab.title, { label: listing.name, caption: listing.path, closable: true, icon: place.title.icon });
      tab.stand.show(listing);
    }
  }

  function updateSidebar(live: Map<string, Listing>): void {
    const listing = live.get(shown.sidebar ?? "");
    const hadFocus = hasFocus();
    if (!!listing === isChoosing()) fill(place, listing ? stand.parts : [choice]);
    stand.show(listing);
    note.textContent =
      failure ||
      (shown.sidebar !== null && !listing
        ? "What was shown here has ended. Run its cell again, or open its notebook."
        : "");
    empty.hidden = live.size > 0;
    evaluations.fill(
      [...live].map(([key, { name, where, path }]) => {
        return { key, name, where: where + (tabs.has(key) ? " · in a tab" : ""), path };
      }),
    );
    if (hadFocus && !hasFocus()) (listing ? back : (evaluations.rowOf(null) ?? again)).focus();
  }

  function open(folder: string): void {
    failure = "";
    openRun(surroundings, folder).catch((error: Error) => {
      failure = `${folder || "/"} could not be opened: ${error.message}`;
      update();
    });
  }

  async function look(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    foldersNote.textContent = "Looking for run folders …";
    const { runs, isCut, unread } = await findRuns(app.serviceManager.contents);
    isLooking = false;
    folders.fill(runs.map((path) => ({ key: path, name: nameOf(path), where: path, path })));
    const words = [
      runs.length === 0 && "No folder with a run.json was found.",
      isCut && `Looked into ${MOST_FOLDERS} folders at most, ${MOST_LEVELS} levels deep; ew.open_run opens any other.`,
      unread.length > 0 && `Could not read ${unread.map((path) => path || "/").join(", ")}.`,
    ];
    foldersNote.textContent = words.filter(Boolean).join(" ");
  }

  /** Brings the page to what is wanted and to what there is. */
  function update(): void {
    isDue = false;
    const live = listings(hub.evaluations.values(), tracker);
    for (const [key, { evaluation }] of live) {
      if (!evaluation.isAskedFor()) continue;
      evaluation.answer();
      reveal();
      return want(key);
    }
    updateTabs(live);
    updateSidebar(live);
  }

  function updateSoon(): void {
    if (isDue) return;
    isDue = true;
    queueMicrotask(update);
  }

  function follow({ context, sessionContext, disposed }: NotebookPanel): void {
    for (const signal of [context.pathChanged, sessionContext.kernelChanged, sessionContext.statusChanged, disposed]) {
      signal.connect(updateSoon);
    }
    updateSoon();
  }

  document.head.append(element("style", {}, styles));
  place.node.role = "region";
  place.node.ariaLabel = "Evaluations";
  fill(place, [choice]);
  hub.watchers.add(updateSoon);
  tracker?.forEach(follow);
  tracker?.widgetAdded.connect((_, panel) => follow(panel));
  void app.restored.then(look);
  updateSoon();

  return {
    show: reveal,
    "find-runs": () => {
      bring(null);
      void look();
    },
    "to-tab": toTab,
    "to-sidebar": toSidebar,
  };
}
