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

/** Rows are made anew only where others are listed: a press outlasts what is said of them, which changes often. */
export function createRows(ariaLabel: string, press: (key: string) => void): Rows {
  const list = element("ul", { ariaLabel });
  let listed = "";

  const buttons = (): HTMLButtonElement[] => [...list.querySelectorAll("button")];
  const rowOf = (key: string | null): HTMLElement | undefined =>
    buttons().find(({ value }) => value === key) ?? buttons()[0];

  function fill(rows: Row[]): void {
    const keys = JSON.stringify(rows.map(({ key }) => key));
    if (keys !== listed) {
      listed = keys;
      const focused = list.querySelector<HTMLButtonElement>(":focus");
      list.replaceChildren(
        ...rows.map(({ key }) => {
          const row = button(() => press(key), element("b", {}), element("small", {}));
          row.value = key;
          return element("li", {}, row);
        }),
      );
      if (focused) rowOf(focused.value)?.focus();
    }
    buttons().forEach((row, place) => {
      const { name, where, path } = rows[place] as Row;
      row.title = path;
      [name, where].forEach((words, part) => {
        (row.children[part] as HTMLElement).textContent = words;
      });
    });
  }

  return { list, rowOf, fill };
}
