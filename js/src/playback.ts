/** Advances the step at a steady pace while there is somebody to see it. */
import { signal } from "@preact/signals";

export const STEP_MS = 700;

export interface Stepping {
  atEnd(): boolean;
  rewind(): void;
  advance(): void;
  paused(): void;
  isVisible(): boolean;
}

export type Playback = ReturnType<typeof createPlayback>;

export function createPlayback(stepping: Stepping, abort: AbortSignal) {
  const playing = signal(false);
  let timer: ReturnType<typeof setInterval> | undefined;

  function stop(): void {
    playing.value = false;
    clearInterval(timer);
  }

  function pause(): void {
    if (!playing.peek()) return;
    stop();
    stepping.paused();
  }

  function tick(): void {
    if (!stepping.isVisible()) return;
    stepping.advance();
    if (stepping.atEnd()) pause();
  }

  function play(): void {
    if (playing.peek() || abort.aborted) return;
    if (stepping.atEnd()) stepping.rewind();
    if (stepping.atEnd()) return;
    playing.value = true;
    timer = setInterval(tick, STEP_MS);
  }

  abort.addEventListener("abort", stop);

  return {
    playing,
    play,
    pause,
    /** Ends playing without taking the step in sight for the user's choice. */
    stop,
    toggle: () => (playing.peek() ? pause() : play()),
  };
}
