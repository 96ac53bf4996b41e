/** The content of the sidebar's panel: evaluations and run folders to choose from, or the evaluation that was chosen; and
 * the tabs that evaluations were moved to. */
import { hubOfPage } from "../src/hub";
import { element } from "./elements";
import type { NotebookPanel, Widget, WidgetClass } from "./jupyterlab";
import type { Memory } from "./memory";
import { type Listing, listings, type Notebooks, openRun } from "./notebooks";
import styles from "./panel.css";
import { createRows } from "./rows";
import { type Found, findRuns, MOST_FOLDERS, MOST_LEVELS } from "./runFolders";
import { createStand, nameOf, type Stand } from "./stand";

export interface Surroundings extends Notebooks {
  Widget: WidgetClass;
  /** The widget in the left bar that is to be filled. */
  place: Widget;
  memory: Memory;
  /** Opens the panel. */
  reveal(): void;
}

export interface Panel {
  findRuns(): void;
  toTab(): void;
  toSidebar(): void;
  hasShown(): boolean;
  hasTab(): boolean;
}

interface Tab {
  widget: Widget;
  stand: Stand;
}

const ENDED = "What was shown here has ended. It comes back when its cell is run again or its notebook opened, unless its kernel was shut down.";
const EXAMPLE = 'import evalwidget as ew\n\new.demo_run("grounding").compare()';

function button(words: string, press: () => void): HTMLButtonElement {
  const made = element("button", { class: "ews-button" }, words);
  made.addEventListener("click", press);
  return made;
}

function foundWords({ runs, isCut, unread }: Found): string {
  const words = [];
  if (runs.length === 0) words.push("No folder with a run.json was found below the server's root.");
  if (isCut) words.push(`Looked ${MOST_LEVELS} levels deep and into ${MOST_FOLDERS} folders at most; ew.open_run opens any other.`);
  if (unread.length > 0) words.push(`Could not read ${unread.map((path) => path || "the root").join(", ")}.`);
  return words.join(" ");
}

export function createPanel(surroundings: Surroundings): Panel {
  const { app, tracker, Widget, place, memory, reveal } = surroundings;
  const hub = hubOfPage();
  const wanted = memory.read();
  const tabs = new Map<string, Tab>();
  let isDue = false;
  let count = 0;
  let found: Found | null = null;
  let isLooking = false;
  let failure = "";

  const note = element("p", { role: "status" });
  const evaluations = createRows("Evaluations", (key) => (tabs.has(key) ? activateTab(key) : choose(key)));
  const empty = element(
    "div",
    { class: "ews-empty" },
    element("p", {}, "No open notebook has an evaluation. Run one in a cell, as this does:"),
    element("pre", {}, EXAMPLE),
    element("p", {}, "or open a run folder below."),
  );
  const folders = createRows("Run folders", open);
  const foldersNote = element("p", { class: "ews-quiet", role: "status" });
  const again = button("Look again", look);
  const choice = element(
    "div",
    { class: "ews-choice" },
    note,
    element("h2", {}, "Evaluations"),
    evaluations.list,
    empty,
    element("div", { class: "ews-head" }, element("h2", {}, "Run folders"), again),
    folders.list,
    foldersNote,
  );
  const back = button("‹ All", () => choose(null));
  back.title = "All evaluations and run folders";
  const stand = createStand("sidebar", [back], [button("To a tab", toTab)]);

  /** Sets where evaluations are to be shown, and brings the page to it. */
  function want(sidebar: string | null, inTabs: string[]): void {
    Object.assign(wanted, { sidebar, tabs: inTabs.filter((key) => key !== sidebar) });
    memory.write(wanted);
    update();
    app.commands.notifyCommandChanged();
  }

  /** Shows an evaluation in the sidebar, or the choice. */
  function choose(key: string | null): void {
    const before = wanted.sidebar;
    want(key, wanted.tabs);
    (key === null ? (evaluations.rowOf(before) ?? again) : back).focus();
  }

  function toTab(): void {
    const key = wanted.sidebar;
    if (key === null || !stand.isTaken()) return;
    want(null, [...wanted.tabs, key]);
    activateTab(key);
  }

  /** Moves the tab in front back to the sidebar, or else the one that was opened last. */
  function toSidebar(): void {
    const keys = [...tabs.keys()];
    const key = keys.find((one) => tabs.get(one)?.widget === app.shell.currentWidget) ?? keys.at(-1);
    if (key === undefined) return;
    reveal();
    choose(key);
  }

  function activateTab(key: string): void {
    const widget = tabs.get(key)?.widget;
    if (!widget) return;
    // Notebook 7 leaves a tab below its notebook behind the one in front
    const area = widget.parent?.parent;
    if (area && "currentWidget" in area) area.currentWidget = widget;
    app.shell.activateById(widget.id);
  }

  class TabWidget extends Widget {
    /** Ends where it is closed: other widgets are only taken away. */
    override onCloseRequest(): void {
      this.dispose();
    }
    /** Takes the focus where it is brought to the front: JupyterLab holds for current what has it. */
    override onActivateRequest(): void {
      this.node.querySelector<HTMLElement>(".ew-root")?.focus();
    }
  }

  function openTab(key: string): Tab {
    const widget = new TabWidget();
    const back_ = button("To the sidebar", () => {
      reveal();
      choose(key);
    });
    const tab = { widget, stand: createStand("tab", [], [back_]) };
    widget.node.append(...tab.stand.parts);
    count += 1;
    widget.id = `evalwidget-tab-${count}`;
    widget.addClass("ews");
    widget.title.closable = true;
    widget.title.icon = place.title.icon;
    // one that comes back must not cover what its user works in
    app.shell.add(widget, "main", { activate: false });
    if (widget.parent === null) {
      // Notebook 7 has one widget in its main area, and tabs below it that are no higher than they must be
      widget.node.style.minHeight = "45vh";
      app.shell.add(widget, "down");
    }
    widget.disposed.connect(() => {
      tab.stand.show(undefined);
      if (tabs.get(key) !== tab) return;
      tabs.delete(key);
      want(
        wanted.sidebar,
        wanted.tabs.filter((one) => one !== key),
      );
    });
    tabs.set(key, tab);
    return tab;
  }

  function updateTabs(live: Map<string, Listing>): void {
    for (const [key, { widget }] of [...tabs]) {
      if (wanted.tabs.includes(key) && live.has(key)) continue;
      tabs.delete(key);
      widget.dispose();
    }
    for (const key of wanted.tabs) {
      const listing = live.get(key);
      if (!listing) continue;
      const tab = tabs.get(key) ?? openTab(key);
      Object.assign(tab.widget.title, { label: listing.evaluation.title(), caption: listing.notebook.context.path });
      tab.stand.show(listing);
    }
  }

  function updateSidebar(live: Map<string, Listing>): void {
    const listing = live.get(wanted.sidebar ?? "");
    const hadFocus = place.node.contains(document.activeElement);
    if (!!listing !== stand.isTaken()) place.node.replaceChildren(...(listing ? stand.parts : [choice]));
    stand.show(listing);
    note.textContent = failure || (wanted.sidebar !== null && !listing ? ENDED : "");
    empty.hidden = live.size > 0;
    evaluations.fill(
      [...live.values()].map(({ evaluation, notebook, prompt }) => {
        const { path, localPath } = notebook.context;
        const where = `${nameOf(localPath)}${prompt}${tabs.has(evaluation.key) ? " · in a tab" : ""}`;
        return { key: evaluation.key, name: evaluation.title(), where, path };
      }),
    );
    const paths = found?.runs ?? [];
    folders.fill(paths.map((path) => ({ key: path, name: nameOf(path) || "(the root)", where: path, path })));
    foldersNote.textContent = isLooking ? "Looking for run folders …" : found ? foundWords(found) : "";
    const isInSight = place.node.contains(document.activeElement);
    if (hadFocus && !isInSight) (listing ? back : (evaluations.rowOf(null) ?? again)).focus();
  }

  function open(folder: string): void {
    failure = "";
    openRun(surroundings, folder).catch((error: Error) => {
      failure = `${folder || "The root"} could not be opened: ${error.message}`;
      update();
    });
  }

  function look(): void {
    if (isLooking) return;
    isLooking = true;
    update();
    void findRuns(app.serviceManager.contents).then((all) => {
      found = all;
      isLooking = false;
      update();
    });
  }

  /** Brings the page to what is wanted and to what there is. */
  function update(): void {
    isDue = false;
    const all = listings(hub.evaluations.values(), tracker);
    const asked = all.find(({ evaluation }) => evaluation.isAskedFor())?.evaluation;
    if (asked) {
      asked.answer();
      reveal();
      return want(asked.key, wanted.tabs);
    }
    const live = new Map(all.map((listing) => [listing.evaluation.key, listing]));
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
  place.addClass("ews");
  place.node.setAttribute("role", "region");
  place.node.setAttribute("aria-label", "Evaluations");
  place.node.replaceChildren(choice);
  hub.watchers.add(updateSoon);
  tracker?.forEach(follow);
  tracker?.widgetAdded.connect((_, panel) => follow(panel));
  void app.restored.then(look);

  return {
    findRuns: () => {
      reveal();
      if (wanted.sidebar !== null) choose(null);
      look();
    },
    toTab,
    toSidebar,
    hasShown: stand.isTaken,
    hasTab: () => tabs.size > 0,
  };
}
