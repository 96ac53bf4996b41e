/** Box layers of steps drawn ahead in idle time, for specimens with so many boxes that drawing would be felt. */
import type { WhenIdle } from "../data/idle";

export const PREPARE_FROM = 800;
const BYTES_KEPT = 96e6;

export function createPrepared(idle: WhenIdle) {
  let layers = new Map<number, HTMLCanvasElement>();
  let drawnFor = "";
  let run = 0;

  return {
    /** The layer of a step; layers drawn for anything but this `signature` are forgotten. */
    get(signature: string, step: number): HTMLCanvasElement | undefined {
      if (signature !== drawnFor) {
        layers = new Map();
        drawnFor = signature;
        run += 1;
      }
      return layers.get(step);
    },

    set(step: number, layer: HTMLCanvasElement): void {
      layers.set(step, layer);
    },

    /** Draws the steps still lacking, one per idle moment, in the order given, as far as memory allows. */
    ahead(steps: number[], draw: (step: number) => HTMLCanvasElement | null): void {
      run += 1;
      const mine = run;
      const next = (): void => {
        const step = steps.find((candidate) => !layers.has(candidate));
        if (mine !== run || step === undefined) return;
        const layer = draw(step);
        if (!layer) return;
        layers.set(step, layer);
        if ((layers.size + 1) * layer.width * layer.height * 4 <= BYTES_KEPT) idle(next);
      };
      idle(next);
    },

    stop(): void {
      run += 1;
      layers = new Map();
    },
  };
}
