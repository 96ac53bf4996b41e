import { describe, expect, it } from "vitest";
import { scrollToKeep, scrollToShow, visibleRows } from "../src/list/windowing";

describe("visible rows", () => {
  it("are those in sight and a margin, within the list", () => {
    expect(visibleRows(0, 300, 30, 100_000, 6)).toEqual({ first: 0, end: 16 });
    expect(visibleRows(30 * 50_000, 300, 30, 100_000, 6)).toEqual({ first: 49_994, end: 50_016 });
    expect(visibleRows(30 * 99_990, 300, 30, 100_000, 6)).toEqual({ first: 99_984, end: 100_000 });
  });

  it("are none in an empty list, also when it was scrolled before", () => {
    expect(visibleRows(900, 300, 30, 0)).toEqual({ first: 0, end: 0 });
  });
});

describe("scrolling to a row", () => {
  it("moves only as far as needed", () => {
    expect(scrollToShow(5, 0, 300, 30)).toBe(0);
    expect(scrollToShow(10, 0, 300, 30)).toBe(30);
    expect(scrollToShow(2, 300, 300, 30)).toBe(60);
  });
});

describe("scrolling after a sort", () => {
  it("leaves a row in sight where it is on the screen", () => {
    expect(scrollToKeep(5, 500, 60, 300, 30)).toBe(60 + 495 * 30);
    expect(scrollToKeep(500, 5, 500 * 30 - 90, 300, 30)).toBe(60);
  });

  it("brings a row that was out of sight into it", () => {
    expect(scrollToKeep(0, 50, 3000, 300, 30)).toBe(1500);
    expect(scrollToKeep(0, 105, 3000, 300, 30)).toBe(3000);
  });

  it("stays within the list at its top", () => {
    expect(scrollToKeep(9, 0, 30, 300, 30)).toBe(0);
  });
});
