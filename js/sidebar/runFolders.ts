/** Run folders under the server's root, found by their ``run.json`` without reading the whole tree. */
import type { Contents, Listed } from "./jupyterlab";

export const MOST_LEVELS = 4;
export const MOST_FOLDERS = 200;
const AT_ONCE = 6;

export interface Found {
  /** Paths from the server's root. */
  runs: string[];
  /** Whether there are folders that were not looked into. */
  isCut: boolean;
  unread: string[];
}

/** Folders that may hold runs: hidden ones and those of installed packages do not. */
function isLookedInto({ type, name }: Listed): boolean {
  return type === "directory" && !/^\.|^(node_modules|__pycache__|site-packages)$/.test(name);
}

/** Looks level by level, so that what is nearest is found whatever else there is. */
export async function findRuns(contents: Contents): Promise<Found> {
  const runs: string[] = [];
  const unread: string[] = [];
  let level = [""];
  let isCut = false;
  let left = MOST_FOLDERS;

  async function lookInto(folder: string): Promise<string[]> {
    try {
      const { content } = await contents.get(folder, { content: true });
      if (!content.some(({ type, name }) => type !== "directory" && name === "run.json")) {
        return content.filter(isLookedInto).map(({ path }) => path);
      }
      runs.push(folder);
    } catch {
      unread.push(folder);
    }
    return [];
  }

  for (let depth = 0; depth <= MOST_LEVELS; depth += 1) {
    const looked = level.slice(0, left);
    isCut ||= looked.length < level.length;
    left -= looked.length;
    level = [];
    while (looked.length > 0) level.push(...(await Promise.all(looked.splice(0, AT_ONCE).map(lookInto))).flat());
  }
  runs.sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
  return { runs, isCut: isCut || level.length > 0, unread };
}
