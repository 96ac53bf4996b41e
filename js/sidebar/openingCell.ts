/** Paths of the server, and the code of a cell that opens a run folder. */

/** A Python string literal: whatever may have another meaning, and whatever cannot be seen, is escaped. */
export function pythonString(text: string): string {
  // the escapes of JSON mean the same in Python
  return JSON.stringify(text).replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, (unseen) => {
    return `\\U${(unseen.codePointAt(0) as number).toString(16).padStart(8, "0")}`;
  });
}

export const nameOf = (path: string): string => path.split("/").at(-1) || "(the root)";

/** The folder that a path lies in; "" for the server's root. */
export function folderOf(path: string): string {
  return path.replace(/\/?[^/]*$/, "");
}

/** The way from a notebook to a folder, both counted from the server's root: kernels work in their notebook's folder. */
export function wayTo(folder: string, notebook: string): string {
  const [from, to] = [folderOf(notebook), folder].map((path) => path.split("/").filter(Boolean)) as [string[], string[]];
  while (from.length > 0 && from[0] === to[0]) {
    from.shift();
    to.shift();
  }
  return [...from.map(() => ".."), ...to].join("/") || ".";
}

export function openingCell(folder: string, notebook: string): string {
  return `import evalwidget as ew\n\new.open_run(${pythonString(wayTo(folder, notebook))}).compare()`;
}
