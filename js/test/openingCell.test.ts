import { describe, expect, it } from "vitest";
import { folderOf, openingCell, pythonString, wayTo } from "../sidebar/openingCell";

describe("a Python string literal", () => {
  it("keeps what can be seen and means nothing else", () => {
    for (const plain of ["runs/one", "läuft {x} %s!?", "実行 é", "it's", "🎈"]) expect(pythonString(plain)).toBe(`"${plain}"`);
  });

  it("escapes quotes, backslashes, and whatever cannot be seen", () => {
    expect(pythonString('a"b\\c')).toBe('"a\\"b\\\\c"');
    expect(pythonString("a\nb\r\t\0")).toBe('"a\\nb\\r\\t\\u0000"');
    expect(pythonString("\u2028\u00a0\u202e\ufeff")).toBe('"\\U00002028\\U000000a0\\U0000202e\\U0000feff"');
    expect(pythonString("\u{e0001}\ud800")).toBe('"\\U000e0001\\ud800"');
  });

  it("says the same as the text, for every character of the basic plane", () => {
    // but for the length of some escapes, such literals mean the same in JSON
    for (let start = 0; start < 0x10000; start += 0x400) {
      const text = Array.from({ length: 0x400 }, (_, at) => String.fromCharCode(start + at)).join("·");
      const literal = pythonString(text);
      expect(literal).not.toMatch(/[\n\r\u2028\u2029]/);
      expect(JSON.parse(literal.replaceAll("\\U0000", "\\u"))).toBe(text);
    }
  });
});

describe("the way to a run folder", () => {
  it("begins in the notebook's folder", () => {
    expect(wayTo("runs/one", "a.ipynb")).toBe("runs/one");
    expect(wayTo("runs/one", "runs/a.ipynb")).toBe("one");
    expect(wayTo("runs/one", "work/deep/a.ipynb")).toBe("../../runs/one");
    expect(wayTo("runs", "runs/one/a.ipynb")).toBe("..");
    expect(wayTo("runs/one", "runs/one/a.ipynb")).toBe(".");
    expect(wayTo("", "a.ipynb")).toBe(".");
    expect(wayTo("", "work/a.ipynb")).toBe("..");
  });

  it("is written into a cell that opens it", () => {
    expect(openingCell('runs/"; x', "a.ipynb")).toBe('import evalwidget as ew\n\new.open_run("runs/\\"; x").compare()');
    expect(folderOf("runs/one")).toBe("runs");
    expect(folderOf("one")).toBe("");
  });
});
