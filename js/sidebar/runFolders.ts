/** Run folders under the server's root, found by their ``run.json`` without reading the whole tree. */
import type { Contents, Listed } from "./jupyterlab";

export const MOST_LEVELS = 4;
export const MOST_FOLDERS = 200;
const AT_ONCE = 6;

export interface Found {
  /** Paths from the server's root. */
  runs: string[];
  /** Folders that there was no time to look into, and ones that could not be read. */
  isCut: boolean;
  unread: string[];
}

/** Folders that may hold runs: hidden ones and those of installed packages do not. */
function isLookedInto({ type, name }: Listed): boolean {
  return type === "directory" && !/^\.|^(node_modules|__pycache__|site-packages)$/.test(name);
}

/** Looks level by level, so that what is nearest is found whatever else there is. */
export async function findRuns(contents: Contents): Promise<Found> {
  const found: Found = { runs: [], isCut: false, unread: [] };
  let level = [""];
  let read = 0;

  async function lookInto(folder: string): Promise<string[]> {
    try {
      const { content } = await contents.get(folder, { content: true });
      if (content.some(({ type, name }) => type !== "directory" && name === "run.json")) {
        found.runs.push(folder);
        return [];
      }
      return content.filter(isLookedInto).map(({ path }) => path);
    } catch {
      found.unread.push(folder);
      return [];
    }
  }

  for (let depth = 0; depth <= MOST_LEVELS && level.length > 0; depth += 1) {
    const next: string[] = [];
    const looked = level.slice(0, MOST_FOLDERS - read);
    found.isCut ||= looked.length < level.length;
    read += looked.length;
    for (let at = 0; at < looked.length; at += AT_ONCE) {
      next.push(...(await Promise.all(looked.slice(at, at + AT_ONCE).map(lookInto))).flat());
    }
    level = next;
  }
  found.isCut ||= level.length > 0;
  found.runs.sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
  return found;
}
