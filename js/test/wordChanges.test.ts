import { describe, expect, it } from "vitest";
import { closest, countWords, type Part, wordChanges } from "../src/comparing/wordChanges";

const short = (parts: Part[]) => parts.map(({ kind, text }) => `${{ same: "=", lost: "-", added: "+" }[kind]}${text.trim()}`);
const without = (parts: Part[], kind: Part["kind"]) =>
  parts.flatMap((part) => (part.kind === kind ? [] : (part.text.match(/\S+/g) ?? [])));

describe("word changes", () => {
  it.each([
    ["", "", []],
    ["a red jacket", "a red jacket", ["=a red jacket"]],
    ["", "red", ["+red"]],
    ["red", "", ["-red"]],
    ["two dogs run", "three dogs run", ["-two", "+three", "=dogs run"]],
    ["the dog by the door", "the cat by the old door", ["=the", "-dog", "+cat", "=by the", "+old", "=door"]],
    ["Red.", "red", ["=red"]],
    ["5", "5%", ["-5", "+5%"]],
    ["…", "!", ["-…", "+!"]],
  ])("from %j to %j", (before, after, expected) => {
    expect(short(wordChanges(before, after))).toEqual(expected);
  });

  it("hold every word of both, in order, and as many common ones as can be", () => {
    let seed = 7;
    const next = (below: number): number => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * below);
    };
    const common = (a: string[], b: string[]): number => {
      const row = new Array<number>(b.length + 1).fill(0);
      for (const word of a) {
        let diagonal = 0;
        b.forEach((other, place) => {
          const above = row[place + 1] as number;
          row[place + 1] = word === other ? diagonal + 1 : Math.max(above, row[place] as number);
          diagonal = above;
        });
      }
      return row.at(-1) as number;
    };
    for (let round = 0; round < 200; round += 1) {
      const [a, b] = [0, 1].map(() => Array.from({ length: next(12) }, () => "abc"[next(3)] as string)) as [string[], string[]];
      const parts = wordChanges(a.join(" "), b.join(" "));
      expect(without(parts, "added")).toEqual(a);
      expect(without(parts, "lost")).toEqual(b);
      expect(countWords(parts, "same")).toBe(common(a, b));
    }
  });

  it("keep the white space of what is shown", () => {
    const parts = wordChanges("one two", "one\n\n  two three");
    expect(parts).toEqual([
      { kind: "same", text: "one\n\n  two" },
      { kind: "added", text: " three" },
    ]);
  });

  it("of texts too long to hold against each other keep the common beginning and end", () => {
    const [a, b] = ["x", "y"].map((letter) => `begin ${Array.from({ length: 3000 }, (_, place) => letter + place).join(" ")} end`);
    const parts = wordChanges(a as string, b as string);
    expect(parts.map(({ kind }) => kind)).toEqual(["same", "lost", "added", "same"]);
    expect([countWords(parts, "lost"), countWords(parts, "added")]).toEqual([3000, 3000]);
  });
});

it("finds the reference that shares most words with an answer, the first of equals", () => {
  expect(closest(["a red jacket", "a red winter jacket with a hood", "red"], "red jacket")).toBe("a red jacket");
  expect(closest(["cat", "dog"], "bird")).toBe("cat");
  expect(closest([], "bird")).toBeNull();
});
