import { describe, expect, it } from "vitest";
import { AS_IN_RUN, orderOf, reversedRun, sortedRows } from "../src/list/ordering";

const NONE = Number.NaN;
const rows = (values: number[], descending: boolean) => [...sortedRows(new Float32Array(values), descending)];

describe("rows by their values", () => {
  it("ascend or descend, also below zero and without end", () => {
    const values = [0.5, -1, 1e-30, Number.POSITIVE_INFINITY, -1e30, 0.25, Number.NEGATIVE_INFINITY];
    expect(rows(values, false)).toEqual([6, 4, 1, 2, 5, 0, 3]);
    expect(rows(values, true)).toEqual([3, 0, 5, 2, 1, 4, 6]);
  });

  it("stay in run order where values are equal, whichever way, and 0 equals -0", () => {
    expect(rows([1, 0, 1, -0, 1, 0], false)).toEqual([1, 3, 5, 0, 2, 4]);
    expect(rows([1, 0, 1, -0, 1, 0], true)).toEqual([0, 2, 4, 1, 3, 5]);
  });

  it("without a value go last in run order, whichever way", () => {
    expect(rows([NONE, 2, NONE, 1, NONE], false)).toEqual([3, 1, 0, 2, 4]);
    expect(rows([NONE, 2, NONE, 1, NONE], true)).toEqual([1, 3, 0, 2, 4]);
    const negative = new Float32Array(new Uint32Array([0xffffffff, 0]).buffer);
    expect(Number.isNaN(negative[0])).toBe(true);
    expect([...sortedRows(negative, false)]).toEqual([1, 0]);
  });

  it("may be whole numbers", () => {
    const ranks = new Uint32Array([70_000, 2, 0xffffffff, 65_536]);
    expect([...sortedRows(ranks, false)]).toEqual([1, 3, 0, 2]);
    expect([...sortedRows(ranks, true)]).toEqual([2, 0, 3, 1]);
    expect([...sortedRows(new Uint32Array(0), true)]).toEqual([]);
  });

  it.each([false, true])("are those of a plain sort, of a hundred thousand: %s", (descending) => {
    const values = Float32Array.from({ length: 100_000 }, (_, row) =>
      row % 11 === 5 ? NONE : Math.round(Math.sin(row) * 1000) / 8,
    );
    const expected = Array.from(values, (_, row) => row).sort((a, b) => {
      const [one, other] = [values[a] as number, values[b] as number];
      if (Number.isNaN(one) || Number.isNaN(other)) return Number(Number.isNaN(one)) - Number(Number.isNaN(other));
      return descending ? other - one : one - other;
    });
    expect([...sortedRows(values, descending)]).toEqual(expected);
  });
});

describe("an order", () => {
  it("knows each row's place", () => {
    const order = orderOf(new Uint32Array([2, 0, 1]));
    expect([0, 1, 2].map(order.rowAt)).toEqual([2, 0, 1]);
    expect([0, 1, 2].map(order.placeOf)).toEqual([1, 2, 0]);
  });

  it("is the run's, or that turned round, without a list of rows", () => {
    expect([AS_IN_RUN.rowAt(4), AS_IN_RUN.placeOf(4)]).toEqual([4, 4]);
    expect([reversedRun(10).rowAt(4), reversedRun(10).placeOf(5)]).toEqual([5, 4]);
  });
});
