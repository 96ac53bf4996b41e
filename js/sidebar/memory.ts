/** What is shown where, by the evaluations' keys, over a reload of the page. */

const PLACE = "evalwidget.sidebar";

export interface Shown {
  sidebar: string | null;
  tabs: string[];
}

export interface Memory {
  read(): Shown;
  write(shown: Shown): void;
}

const OPEN = "evalwidget.sidebar.open";

/** Whether the panel was open. */
export const openness = {
  read: (): boolean => sessionStorage.getItem(OPEN) === "yes",
  write: (isOpen: boolean): void => sessionStorage.setItem(OPEN, isOpen ? "yes" : "no"),
};

export const memory: Memory = {
  read: () => ({ sidebar: null, tabs: [], ...(JSON.parse(sessionStorage.getItem(PLACE) ?? "{}") as Partial<Shown>) }),
  write: (shown) => sessionStorage.setItem(PLACE, JSON.stringify(shown)),
};
