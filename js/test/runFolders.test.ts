import { describe, expect, it } from "vitest";
import { findRuns, MOST_FOLDERS, MOST_LEVELS } from "../sidebar/runFolders";

/** Contents of a server whose files are these, and which folders were read. */
function serverOf(files: string[], refused: string[] = []) {
  const read: string[] = [];
  async function get(path: string) {
    read.push(path);
    if (refused.includes(path)) throw new Error("403");
    const below = files.filter((file) => path === "" || file.startsWith(`${path}/`)).map((file) => file.slice(path === "" ? 0 : path.length + 1));
    const names = [...new Set(below.map((rest) => rest.split("/")[0] as string))];
    const content = names.map((name) => ({
      name,
      path: path ? `${path}/${name}` : name,
      type: below.includes(name) ? "file" : "directory",
    }));
    return { content };
  }
  return { read, contents: { get, newUntitled: get as never, save: get as never } };
}

describe("looking for run folders", () => {
  it("finds them by their run.json, in people's order, and does not look into them", async () => {
    const { contents, read } = serverOf(["runs/10/run.json", "runs/9/run.json", "runs/9/predictions/run.json", "a.py"]);
    expect(await findRuns(contents)).toEqual({ runs: ["runs/9", "runs/10"], isCut: false, unread: [] });
    expect(read).not.toContain("runs/9/predictions");
  });

  it("takes the root itself for a run where it is one", async () => {
    expect((await findRuns(serverOf(["run.json", "images/a.png"]).contents)).runs).toEqual([""]);
  });

  it("passes by hidden folders and packages", async () => {
    const { contents, read } = serverOf([".git/run.json", "node_modules/x/run.json", "b/__pycache__/run.json", "b/x"]);
    expect((await findRuns(contents)).runs).toEqual([]);
    expect(read).toEqual(["", "b"]);
  });

  it("does not take a folder called run.json for a run", async () => {
    expect((await findRuns(serverOf(["a/run.json/x"]).contents)).runs).toEqual([]);
  });

  it("goes so deep and no deeper, and says so", async () => {
    const deepest = Array.from({ length: MOST_LEVELS }, (_, at) => `f${at}`).join("/");
    expect(await findRuns(serverOf([`${deepest}/run.json`]).contents)).toMatchObject({ runs: [deepest], isCut: false });
    expect(await findRuns(serverOf([`${deepest}/more/run.json`]).contents)).toMatchObject({ runs: [], isCut: true });
  });

  it("reads so many folders and no more, those nearest to the root first", async () => {
    const many = Array.from({ length: 3 * MOST_FOLDERS }, (_, at) => `many/${at}/x`);
    const { contents, read } = serverOf([...many, "near/run.json"]);
    expect(await findRuns(contents)).toMatchObject({ runs: ["near"], isCut: true });
    expect(read).toHaveLength(MOST_FOLDERS);
  });

  it("names folders that it could not read, and finds the others", async () => {
    const { contents } = serverOf(["closed/run.json", "open/run.json"], ["closed"]);
    expect(await findRuns(contents)).toEqual({ runs: ["open"], isCut: false, unread: ["closed"] });
  });
});
