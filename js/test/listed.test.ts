import { describe, expect, it } from "vitest";
import { everyRow, type Listed, someRows } from "../src/list/listed";
import { AS_IN_RUN, orderOf, reversedRun } from "../src/list/ordering";

const rowsOf = (listed: Listed) => Array.from({ length: listed.count }, (_, place) => listed.rowAt(place));
const shown = (rows: number[], total = 6) => Uint8Array.from({ length: total }, (_, row) => (rows.includes(row) ? 1 : 0));

describe("all rows", () => {
  it("are listed in their order", () => {
    const listed = everyRow(reversedRun(4), 4);
    expect(rowsOf(listed)).toEqual([3, 2, 1, 0]);
    expect(listed.placeOf(3)).toBe(0);
    expect(listed.placeFrom(3, 1)).toBe(1);
  });
});

describe("some rows", () => {
  const listed = someRows(orderOf(Uint32Array.from([5, 3, 1, 0, 2, 4])), 6, shown([0, 3, 4]));

  it("are listed in their order, and no others", () => {
    expect(rowsOf(listed)).toEqual([3, 0, 4]);
    expect([5, 3, 1, 0, 2, 4].map((row) => listed.placeOf(row))).toEqual([null, 0, null, 1, null, 2]);
  });

  it("are reached from a row that is listed", () => {
    expect([-1, 0, 1].map((by) => listed.placeFrom(0, by))).toEqual([0, 1, 2]);
  });

  it("are reached from where a row that is not listed would stand", () => {
    // 1 would stand between 3 and 0
    expect([-1, 1, 2].map((by) => listed.placeFrom(1, by))).toEqual([0, 1, 2]);
    expect(listed.placeFrom(5, -1)).toBe(-1);
    expect(listed.placeFrom(5, 1)).toBe(0);
  });

  it("may be none", () => {
    const none = someRows(AS_IN_RUN, 6, shown([]));
    expect(none.count).toBe(0);
    expect(none.placeOf(2)).toBeNull();
  });
});
