/** A list of buttons to choose from. */
import { element } from "./elements";

export interface Row {
  key: string;
  name: string;
  where: string;
  path: string;
}

export interface Rows {
  readonly list: HTMLElement;
  /** The row with the key, or else the first. */
  rowOf(key: string | null): HTMLElement | undefined;
  fill(rows: Row[]): void;
}

/** Rows are made anew only where they say something else, for presses to outlast it: a kernel changes its status often. */
export function createRows(label: string, press: (key: string) => void): Rows {
  const list = element("ul", { class: "ews-list", "aria-label": label });
  let said = "";

  function rowOf(key: string | null): HTMLElement | undefined {
    const rows = [...list.querySelectorAll("button")];
    return rows.find(({ dataset }) => dataset.key === key) ?? rows[0];
  }

  function fill(rows: Row[]): void {
    const saying = JSON.stringify(rows);
    if (saying === said) return;
    said = saying;
    const focused = list.querySelector<HTMLElement>(":focus");
    list.replaceChildren(
      ...rows.map(({ key, name, where, path }) => {
        const parts = [element("span", { class: "ews-name" }, name), element("span", { class: "ews-quiet" }, where)];
        const row = element("button", { class: "ews-row", "data-key": key, title: path }, ...parts);
        row.addEventListener("click", () => press(key));
        return element("li", {}, row);
      }),
    );
    if (focused) rowOf(focused.dataset.key ?? null)?.focus();
  }

  return { list, rowOf, fill };
}
