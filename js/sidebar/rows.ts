/** A list of buttons to choose from. */
import { button, element } from "./elements";

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
export function createRows(ariaLabel: string, press: (key: string) => void): Rows {
  const list = element("ul", { ariaLabel });
  let said = "";

  function rowOf(key: string | null): HTMLElement | undefined {
    const rows = [...list.querySelectorAll("button")];
    return rows.find(({ value }) => value === key) ?? rows[0];
  }

  function fill(rows: Row[]): void {
    const saying = JSON.stringify(rows);
    if (saying === said) return;
    said = saying;
    const focused = list.querySelector<HTMLButtonElement>(":focus");
    list.replaceChildren(
      ...rows.map(({ key, name, where, path }) => {
        const row = button(() => press(key), element("b", {}, name), element("small", {}, where));
        return element("li", {}, Object.assign(row, { value: key, title: path }));
      }),
    );
    if (focused) rowOf(focused.value)?.focus();
  }

  return { list, rowOf, fill };
}
