/** Failure modes: of every specimen at a step, of each step as a whole, and of the open specimen at every step. */
import type { StepFindings } from "../protocol";
import type { Client } from "./requests";
import { createStepwise } from "./stepwise";

/** Of each row at one step: a bit for each of the run's modes, and whether it was judged. */
export interface ModesOfRows {
  modes: Uint32Array;
  judged: Uint8Array;
}

/** How many specimens show each mode at a step, and how many were judged. */
export interface ModeCounts {
  counts: number[];
  judged: number;
}

/** One question each: there is but one of these a run. */
export const OF_RUN = "";
const BYTES_KEPT = 64e6;
const BYTES_PER_ROW = 5;

export type Modes = ReturnType<typeof createModes>;

/** A step each is a key of its own, so that those seen long ago are forgotten. */
export function createModes(client: Client, specimens: () => number) {
  const kept = Math.max(8, Math.floor(BYTES_KEPT / (BYTES_PER_ROW * Math.max(specimens(), 1))));
  let wanted: number | null = null;
  const known = createStepwise<number, ModesOfRows>(
    async (step) => {
      const { buffers } = await client.request({ kind: "modes", step });
      const value = { modes: buffers.modes ?? new Uint32Array(0), judged: buffers.judged ?? new Uint8Array(0) };
      return { steps: [step], values: [value] };
    },
    () => (wanted === null ? [] : [wanted]),
    kept,
  );
  return {
    version: known.version,
    message: known.message,
    at: (step: number | null): ModesOfRows | undefined => (step === null ? undefined : known.valuesOf(step).get(step)),
    want(step: number | null): void {
      wanted = step;
      known.want(step);
    },
    clear: known.clear,
  };
}

export function createModeCounts(client: Client, steps: () => readonly number[]) {
  return createStepwise<string, ModeCounts>(async (_run, lacking) => {
    const { reply } = await client.request({ kind: "mode_counts", steps: lacking });
    return {
      steps: reply.steps,
      values: reply.counts.map((counts, place) => ({ counts, judged: reply.judged[place] ?? 0 })),
    };
  }, steps);
}

/** `steps` are those of the run, the step in sight first. */
export function createFindings(client: Client, steps: () => readonly number[]) {
  return createStepwise<number, StepFindings>(async (index, lacking) => {
    const { reply } = await client.request({ kind: "findings", index, steps: lacking });
    return { steps: reply.steps, values: reply.findings };
  }, steps);
}
