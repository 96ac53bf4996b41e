/** When each specimen was learned, and how often it was forgotten again. */
import { createGathered } from "./gathered";
import type { Client } from "./requests";

/** Of each row. */
export interface LearningOfRows {
  /** The place of the step it was right at for the first time, NaN where it never was. */
  learnedAt: Float32Array;
  /** How many times it was right and then wrong, NaN where it was not evaluated. */
  forgetting: Float32Array;
  /** A place in LEARNING_STATES. */
  states: Uint8Array;
}

export type Learning = ReturnType<typeof createLearning>;

export function createLearning(client: Client, steps: () => number) {
  return createGathered<LearningOfRows | null>(async (score) => {
    const { reply, buffers } = await client.request({ kind: "learning", score });
    const { learned_at: learnedAt, forgetting, learning: states } = buffers;
    return { read: reply.read, value: learnedAt && forgetting && states ? { learnedAt, forgetting, states } : null };
  }, steps);
}
