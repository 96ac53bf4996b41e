/** The code of a cell that opens a run folder. */

/** A Python string literal: whatever may have another meaning, and whatever cannot be seen, is escaped. */
export function pythonString(text: string): string {
  const escaped = text.replace(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, (character) => {
    if (character === '"' || character === "\\") return `\\${character}`;
    const hex = (character.codePointAt(0) as number).toString(16);
    return hex.length > 4 ? `\\U${hex.padStart(8, "0")}` : `\\u${hex.padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}

const partsOf = (path: string): string[] => path.split("/").filter((part) => part !== "");

/** The folder that a path lies in; "" for the server's root. */
export function folderOf(path: string): string {
  return partsOf(path).slice(0, -1).join("/");
}

/** The way from a notebook to a folder, both counted from the server's root: kernels work in their notebook's folder. */
export function wayTo(folder: string, notebook: string): string {
  const from = partsOf(folderOf(notebook));
  const to = partsOf(folder);
  let shared = 0;
  while (shared < from.length && shared < to.length && from[shared] === to[shared]) shared += 1;
  return [...from.slice(shared).map(() => ".."), ...to.slice(shared)].join("/") || ".";
}

export function openingCell(folder: string, notebook: string): string {
  return `import evalwidget as ew\n\new.open_run(${pythonString(wayTo(folder, notebook))}).compare()`;
}
