import { expect, it } from "vitest";
import { Lru } from "../src/data/lru";

it("forgets what was used longest ago, and hands it over", () => {
  const dropped: string[] = [];
  const lru = new Lru<number, string>(2, (value) => dropped.push(value));
  lru.set(1, "one");
  lru.set(2, "two");
  lru.get(1);
  lru.set(3, "three");
  expect(dropped).toEqual(["two"]);
  expect([lru.has(1), lru.has(2), lru.has(3)]).toEqual([true, false, true]);
});

it("does not hand over a value that is replaced", () => {
  const dropped: string[] = [];
  const lru = new Lru<number, string>(2, (value) => dropped.push(value));
  lru.set(1, "one");
  lru.set(1, "uno");
  expect(dropped).toEqual([]);
  lru.clear();
  expect(dropped).toEqual(["uno"]);
});
