import { signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BLINK_MS, createBlink, HOLD_MS } from "../src/comparing/blink";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function start({ still = false, comparing = true } = {}) {
  const isComparing = signal(comparing);
  const state = { visible: true };
  const abort = new AbortController();
  const blink = createBlink(
    { isComparing: () => isComparing.value, isVisible: () => state.visible, isStill: () => still },
    abort.signal,
  );
  const seen = (turns: number) =>
    Array.from({ length: turns }, () => {
      vi.advanceTimersByTime(BLINK_MS);
      return blink.shown.value;
    });
  return { blink, isComparing, state, abort, seen };
}

describe("blinking", () => {
  it("never starts by itself, and changes twice a second once asked for", () => {
    const { blink, seen } = start();
    expect(seen(3)).toEqual(["both", "both", "both"]);
    blink.toggle();
    expect([blink.shown.value, ...seen(4)]).toEqual(["A", "B", "A", "B", "A"]);
    blink.toggle();
    expect([blink.running.value, ...seen(2)]).toEqual([false, "both", "both"]);
  });

  it("goes on after a tap of the key until the next, and while the key is held", () => {
    const { blink, seen } = start();
    blink.press();
    blink.release();
    expect(seen(2)).toEqual(["B", "A"]);
    blink.press();
    blink.release();
    expect(blink.shown.value).toBe("both");
    blink.press();
    vi.advanceTimersByTime(HOLD_MS);
    expect(blink.running.value).toBe(true);
    blink.release();
    expect([blink.running.value, blink.shown.value]).toEqual([false, "both"]);
  });

  it("changes by hand alone where less motion is asked for", () => {
    const { blink, seen } = start({ still: true });
    const press = () => {
      blink.press();
      blink.release();
      return blink.shown.value;
    };
    expect([press(), press(), press()]).toEqual(["A", "B", "A"]);
    expect(seen(3)).toEqual(["A", "A", "A"]);
    expect(blink.running.value).toBe(false);
    blink.stop();
    expect(blink.shown.value).toBe("both");
  });

  it("stands still while nobody sees it, and ends with the comparison and with the view", () => {
    const { blink, isComparing, state, abort, seen } = start();
    blink.toggle();
    state.visible = false;
    expect(seen(2)).toEqual(["A", "A"]);
    state.visible = true;
    isComparing.value = false;
    expect(blink.shown.value).toBe("both");
    vi.advanceTimersByTime(BLINK_MS);
    isComparing.value = true;
    expect([blink.running.value, blink.shown.value]).toEqual([false, "both"]);
    blink.toggle();
    abort.abort();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("does not start where there is nothing to compare", () => {
    const { blink } = start({ comparing: false });
    blink.press();
    blink.toggle();
    expect([blink.running.value, blink.shown.value]).toEqual([false, "both"]);
  });

  it("keeps to what is chosen", () => {
    const { blink, seen } = start();
    blink.toggle();
    blink.show("B");
    expect(seen(2)).toEqual(["B", "B"]);
  });
});
