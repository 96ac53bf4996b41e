/** A and B in one place, by turns: blinking on a timer, while a key is held, or changed by hand. */
import { computed, signal } from "@preact/signals";

export const BLINK_MS = 500;
/** A key that is down for longer is held, and blinks until it is let go. */
export const HOLD_MS = 400;

export type Shown = "both" | "A" | "B";
export type Blink = ReturnType<typeof createBlink>;

interface Surroundings {
  /** Whether there are an A and a B. */
  isComparing: () => boolean;
  isVisible: () => boolean;
  /** Whether the user asked the system for less motion: then nothing changes by itself. */
  isStill: () => boolean;
}

export function asksForLessMotion(): boolean {
  return globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false;
}

export function createBlink({ isComparing, isVisible, isStill }: Surroundings, abort: AbortSignal) {
  const chosen = signal<Shown>("both");
  const running = signal(false);
  /** Both beside each other wherever there is nothing to compare. */
  const shown = computed<Shown>(() => (isComparing() ? chosen.value : "both"));
  let timer: ReturnType<typeof setInterval> | undefined;
  let pressed: ReturnType<typeof setTimeout> | undefined;
  let held = false;

  function pause(): void {
    clearInterval(timer);
    running.value = false;
  }

  function change(): void {
    chosen.value = chosen.peek() === "A" ? "B" : "A";
  }

  function start(): void {
    if (!isComparing()) return;
    change();
    if (isStill()) return;
    clearInterval(timer);
    running.value = true;
    timer = setInterval(() => {
      if (!isComparing()) stop();
      else if (isVisible()) change();
    }, BLINK_MS);
  }

  function stop(): void {
    pause();
    chosen.value = "both";
  }

  abort.addEventListener("abort", () => {
    pause();
    clearTimeout(pressed);
  });

  return {
    shown,
    running,
    stop,

    /** Shows one of them, or both beside each other, and keeps to it. */
    show(which: Shown): void {
      pause();
      chosen.value = which;
    },

    toggle: () => (running.peek() ? stop() : start()),

    /** The key goes down: blinks from now on, or no more; without motion, changes to the other. */
    press(): void {
      clearTimeout(pressed);
      held = false;
      if (running.peek()) return stop();
      start();
      if (running.peek()) {
        pressed = setTimeout(() => {
          held = true;
        }, HOLD_MS);
      }
    },

    /** The key comes up: one that was held has blinked enough. */
    release(): void {
      clearTimeout(pressed);
      if (held) stop();
      held = false;
    },
  };
}
