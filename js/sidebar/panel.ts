/** The content of the sidebar's panel: evaluations and run folders to choose from, or the evaluation that was chosen; and
 * the tabs that evaluations were moved to. */
import { type Evaluation, hubOfPage, type Layout } from "../src/hub";
import { element } from "./elements";
import type { Widget, WidgetClass } from "./jupyterlab";
import { type Listing, listings, type Notebooks, openRun } from "./notebooks";
import type { Memory } from "./memory";
import { type Found, findRuns, MOST_FOLDERS, MOST_LEVELS } from "./runFolders";
import styles from "./panel.css";

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

/** An evaluation's view in the page, and how to end it. */
interface View {
  evaluation: Evaluation;
  end(): void;
}

interface Tab extends View {
  widget: Widget;
}

const ENDED = "What was shown here has ended. It comes back when its cell is run again or its notebook is opened.";
const EXAMPLE = 'import evalwidget as ew\n\new.demo_run("grounding").compare()';

const nameOf = (path: string): string => path.split("/").at(-1) || path;

function view(evaluation: Evaluation, el: HTMLElement, layout: Layout): View {
  const ending = new AbortController();
  evaluation.mount(el, { signal: ending.signal, layout });
  return { evaluation, end: () => ending.abort() };
}

export function createPanel(surroundings: Surroundings): Panel {
  const { app, tracker, Widget, place, memory, reveal } = surroundings;
  const hub = hubOfPage();
  const wanted = memory.read();
  const tabs = new Map<string, Tab>();
  let shown: View | null = null;
  let isDue = false;
  let count = 0;
  let found: Found | null = null;
  let isLooking = false;
  let failure = "";
  let saidOfEvaluations = "";
  let foundInRows: Found | null = null;

  const note = element("p", { class: "ews-note", role: "status" });
  const evaluations = element("ul", { class: "ews-list", "aria-label": "Evaluations" });
  const empty = element(
    "div",
    { class: "ews-empty" },
    element("p", {}, "No open notebook has an evaluation. Run one in a cell, as this does:"),
    element("pre", {}, EXAMPLE),
    element("p", {}, "or open a run folder below."),
  );
  const runs = element("ul", { class: "ews-list", "aria-label": "Run folders" });
  const runsNote = element("p", { class: "ews-quiet" });
  const again = button("Look again", look);
  const choice = element(
    "div",
    { class: "ews-choice" },
    note,
    element("h2", {}, "Evaluations"),
    evaluations,
    empty,
    element("div", { class: "ews-head" }, element("h2", {}, "Run folders"), again),
    runs,
    runsNote,
  );
  const title = element("span", { class: "ews-title" });
  const back = button("‹ All", () => choose(null));
  back.title = "All evaluations and run folders";
  const toTabButton = button("To a tab", toTab);
  const stage = element("div", { class: "ews-stage" });
  const chosen = element("div", { class: "ews-chosen" }, element("div", { class: "ews-bar" }, back, title, toTabButton), stage);

  function button(words: string, press: () => void): HTMLButtonElement {
    const made = element("button", { class: "ews-button" }, words);
    made.addEventListener("click", press);
    return made;
  }

  function row(name: string, where: string, path: string, press: () => void, key = path): HTMLElement {
    const made = element(
      "button",
      { class: "ews-row", "data-key": key, title: path },
      element("span", { class: "ews-name" }, name),
      element("span", { class: "ews-quiet" }, where),
    );
    made.addEventListener("click", press);
    return element("li", {}, made);
  }

  function listed(): Listing[] {
    return listings(hub.evaluations.values(), tracker);
  }

  function save(): void {
    memory.write(wanted);
    update();
    app.commands.notifyCommandChanged();
  }

  /** Shows an evaluation in the sidebar, or the choice. */
  function choose(key: string | null): void {
    const before = wanted.sidebar;
    wanted.sidebar = key;
    if (key !== null) wanted.tabs = wanted.tabs.filter((one) => one !== key);
    save();
    if (key !== null) back.focus();
    else focusRow(before);
  }

  function focusRow(key: string | null): void {
    const rows = [...evaluations.querySelectorAll<HTMLElement>(".ews-row")];
    (rows.find(({ dataset }) => dataset.key === key) ?? rows[0] ?? again).focus();
  }

  function toTab(): void {
    const key = wanted.sidebar;
    if (key === null || shown === null) return;
    wanted.sidebar = null;
    wanted.tabs.push(key);
    save();
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
    const tab = tabs.get(key);
    if (tab) app.shell.activateById(tab.widget.id);
  }

  /** Takes the focus where it is brought to the front: JupyterLab holds for current what has it. */
  class TabWidget extends Widget {
    override onActivateRequest(): void {
      this.node.querySelector<HTMLElement>(".ew-root")?.focus();
    }
  }

  function openTab({ evaluation, notebook }: Listing): void {
    const { key } = evaluation;
    const host = element("div", { class: "ews-stage" });
    const widget = new TabWidget();
    const return_ = button("To the sidebar", () => {
      reveal();
      choose(key);
    });
    widget.node.append(
      element("div", { class: "ews-bar" }, element("span", { class: "ews-title" }, nameOf(notebook.context.path)), return_),
      host,
    );
    count += 1;
    widget.id = `evalwidget-tab-${count}`;
    widget.addClass("ews");
    Object.assign(widget.title, { label: evaluation.title(), caption: notebook.context.path, closable: true });
    widget.title.icon = place.title.icon;
    app.shell.add(widget, "main");
    if (widget.parent === null) {
      // Notebook 7 has one widget in its main area, and tabs below it that are no higher than they must be
      widget.node.style.minHeight = "45vh";
      app.shell.add(widget, "down");
    }
    const opened = view(evaluation, host, "tab");
    const tab: Tab = { ...opened, widget };
    widget.disposed.connect(() => {
      opened.end();
      if (tabs.get(key) !== tab) return;
      tabs.delete(key);
      wanted.tabs = wanted.tabs.filter((one) => one !== key);
      save();
    });
    tabs.set(key, tab);
  }

  function updateTabs(live: Map<string, Listing>): void {
    for (const [key, tab] of [...tabs]) {
      if (wanted.tabs.includes(key) && live.get(key)?.evaluation === tab.evaluation) continue;
      tabs.delete(key);
      tab.widget.dispose();
    }
    for (const key of wanted.tabs) {
      const listing = live.get(key);
      if (listing && !tabs.has(key)) openTab(listing);
    }
  }

  function updateShown(live: Map<string, Listing>): void {
    const listing = wanted.sidebar === null ? undefined : live.get(wanted.sidebar);
    if (listing?.evaluation !== shown?.evaluation) {
      shown?.end();
      shown = null;
      place.node.replaceChildren(listing ? chosen : choice);
      if (listing) shown = view(listing.evaluation, stage, "sidebar");
    }
    if (listing) {
      const words = `${listing.evaluation.title()} · ${nameOf(listing.notebook.context.path)}`;
      title.textContent = words;
      title.title = `${words}\n${listing.notebook.context.path}`;
    }
  }

  /** The rows of the evaluations, made anew only where they say something else: a kernel changes its status often. */
  function updateEvaluations(live: Map<string, Listing>): void {
    const rows = [...live.values()].map(({ evaluation, notebook, prompt }) => {
      const { path } = notebook.context;
      const where = `${nameOf(path)}${prompt}${tabs.has(evaluation.key) ? " · in a tab" : ""}`;
      return { key: evaluation.key, title: evaluation.title(), where, path };
    });
    const said = JSON.stringify(rows);
    if (said === saidOfEvaluations) return;
    saidOfEvaluations = said;
    const focused = (document.activeElement as HTMLElement | null)?.dataset.key;
    evaluations.replaceChildren(
      ...rows.map(({ key, title: name, where, path }) => {
        const press = (): void => (tabs.has(key) ? activateTab(key) : choose(key));
        return row(name, where, path, press, key);
      }),
    );
    if (focused !== undefined) focusRow(focused);
  }

  function updateRuns(): void {
    again.disabled = isLooking;
    runsNote.textContent = isLooking ? "Looking for run folders …" : found ? foundWords(found) : "";
    if (found === foundInRows) return;
    foundInRows = found;
    runs.replaceChildren(
      ...(found?.runs ?? []).map((folder) => {
        return row(nameOf(folder) || "(the root)", folder, folder, () => open(folder));
      }),
    );
  }

  function updateChoice(live: Map<string, Listing>): void {
    const isWaiting = wanted.sidebar !== null && !live.has(wanted.sidebar);
    note.textContent = failure || (isWaiting ? ENDED : "");
    empty.hidden = live.size > 0;
    updateEvaluations(live);
    updateRuns();
  }

  function foundWords({ runs: all, isCut, unread }: Found): string {
    const words = [];
    if (all.length === 0) words.push("No folder with a run.json was found below the server's root.");
    if (isCut) words.push(`Looked ${MOST_LEVELS} levels deep and into ${MOST_FOLDERS} folders at most; ew.open_run opens any other.`);
    if (unread.length > 0) words.push(`Could not read ${unread.map((path) => path || "the root").join(", ")}.`);
    return words.join(" ");
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
    const live = new Map(listed().map((listing) => [listing.evaluation.key, listing]));
    for (const [key, { evaluation }] of live) {
      if (!evaluation.isAskedFor()) continue;
      evaluation.answer();
      wanted.sidebar = key;
      wanted.tabs = wanted.tabs.filter((one) => one !== key);
      memory.write(wanted);
      reveal();
    }
    updateTabs(live);
    updateShown(live);
    updateChoice(live);
  }

  function updateSoon(): void {
    if (isDue) return;
    isDue = true;
    queueMicrotask(update);
  }

  document.head.append(element("style", {}, styles));
  place.addClass("ews");
  place.node.replaceChildren(choice);
  hub.watchers.add(updateSoon);
  const follow = (panel: Parameters<Parameters<NonNullable<typeof tracker>["forEach"]>[0]>[0]): void => {
    panel.context.pathChanged.connect(updateSoon);
    panel.sessionContext.kernelChanged.connect(updateSoon);
    panel.sessionContext.statusChanged.connect(updateSoon);
    panel.disposed.connect(updateSoon);
    updateSoon();
  };
  tracker?.forEach(follow);
  tracker?.widgetAdded.connect((_, panel) => follow(panel));
  void app.restored.then(() => {
    update();
    look();
  });

  return {
    findRuns: () => {
      reveal();
      if (wanted.sidebar !== null) choose(null);
      look();
    },
    toTab,
    toSidebar,
    hasShown: () => shown !== null,
    hasTab: () => tabs.size > 0,
  };
}
