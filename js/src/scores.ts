/** The main score and the state of every specimen, step by step: the step in sight first, the others behind it. */
import { signal } from "@preact/signals";
import { Lru } from "./lru";
import { STATUSES, type Status } from "./protocol";
import type { Client } from "./requests";

const BYTES_KEPT = 64e6;
const BYTES_PER_ROW = 5;

interface StepScores {
  scores: Float32Array;
  statuses: Uint8Array;
}

export type Scores = ReturnType<typeof createScores>;

export function createScores(client: Client, steps: () => readonly number[], specimens: () => number) {
  const stepsKept = Math.max(8, Math.floor(BYTES_KEPT / (BYTES_PER_ROW * Math.max(specimens(), 1))));
  const byStep = new Lru<number, StepScores>(stepsKept);
  const version = signal(0);
  /** What Python says of the steps whose scores have arrived. */
  const notes = signal<readonly string[]>([]);
  let current: number | null = null;
  let asking = false;

  function next(): number | undefined {
    if (current !== null && !byStep.has(current)) return current;
    if (byStep.size >= stepsKept) return undefined;
    const near = current ?? 0;
    return steps()
      .filter((step) => !byStep.has(step))
      .sort((a, b) => Math.abs(a - near) - Math.abs(b - near))[0];
  }

  async function pump(): Promise<void> {
    if (asking) return;
    asking = true;
    try {
      for (let step = next(); step !== undefined; step = next()) {
        const { reply, buffers } = await client.request({ kind: "scores", step });
        byStep.set(step, {
          scores: buffers.scores ?? new Float32Array(0),
          statuses: buffers.statuses ?? new Uint8Array(0),
        });
        if (reply.notes.length > 0) notes.value = [...new Set([...notes.peek(), ...reply.notes])];
        if (step === current) version.value += 1;
      }
    } catch {
      // The rows keep their dash; the next change of step asks again.
    } finally {
      asking = false;
    }
  }

  return {
    version,
    notes,

    want(step: number): void {
      current = step;
      byStep.get(step);
      void pump();
    },

    /** Undefined until the step's scores have arrived. */
    at(step: number | null, row: number): { score: number; status: Status } | undefined {
      const held = step === null ? undefined : byStep.peek(step);
      const score = held?.scores[row];
      return held && score !== undefined ? { score, status: STATUSES[held.statuses[row] ?? 0] ?? "ok" } : undefined;
    },

    clear(): void {
      byStep.clear();
      notes.value = [];
      current = null;
      version.value += 1;
    },
  };
}
