/** A score and the state of every specimen, step by step: the step in sight first, the others behind it. */
import { signal } from "@preact/signals";
import { Lru } from "./lru";
import { STATUSES, type Status } from "../protocol";
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
  let kept = new Lru<string, StepScores>(stepsKept);
  const version = signal(0);
  /** What Python says of the steps whose scores have arrived. */
  const notes = signal<readonly string[]>([]);
  /** Why the scores of the step in sight are not there, or empty. */
  const message = signal("");
  let wanted: { step: number; score: string; also: number | null } | null = null;
  let failed = new Set<string>();
  let asking = false;

  const keyOf = (step: number, score: string): string => `${step} ${score}`;

  function next(): { step: number; score: string } | undefined {
    if (wanted === null) return undefined;
    const { step: near, score } = wanted;
    const lacking = (step: number) => !kept.has(keyOf(step, score)) && !failed.has(keyOf(step, score));
    if (lacking(near)) return wanted;
    if (wanted.also !== null && lacking(wanted.also)) return { step: wanted.also, score };
    const all = steps();
    if (all.filter((step) => kept.has(keyOf(step, score))).length >= stepsKept) return undefined;
    const step = all.filter(lacking).sort((a, b) => Math.abs(a - near) - Math.abs(b - near))[0];
    return step === undefined ? undefined : { step, score };
  }

  async function ask({ step, score }: { step: number; score: string }): Promise<void> {
    const into = kept;
    try {
      const { reply, buffers } = await client.request({ kind: "scores", step, score });
      into.set(keyOf(step, score), {
        scores: buffers.scores ?? new Float32Array(0),
        statuses: buffers.statuses ?? new Uint8Array(0),
      });
      if (reply.notes.length > 0) notes.value = [...new Set([...notes.peek(), ...reply.notes])];
    } catch (error) {
      failed.add(keyOf(step, score));
      if (wanted?.score === score && [wanted.step, wanted.also].includes(step)) message.value = (error as Error).message;
    }
  }

  async function pump(): Promise<void> {
    if (asking) return;
    asking = true;
    for (let asked = next(); asked !== undefined; asked = next()) {
      await ask(asked);
      version.value += 1;
    }
    asking = false;
  }

  return {
    version,
    notes,
    message,

    /** Asks for the scores of a step, and of the one it is compared with, then for those of the others; what failed
     * before is tried again. */
    want(step: number, score: string, also: number | null = null): void {
      wanted = { step, score, also };
      failed = new Set();
      message.value = "";
      for (const one of [also, step]) if (one !== null) kept.get(keyOf(one, score));
      void pump();
    },

    /** The score of every specimen; undefined until it has arrived. */
    all(step: number | null, score: string): Float32Array | undefined {
      return step === null ? undefined : kept.peek(keyOf(step, score))?.scores;
    },

    /** Undefined until the step's scores have arrived. */
    at(step: number | null, score: string, row: number): { score: number; status: Status } | undefined {
      const held = step === null ? undefined : kept.peek(keyOf(step, score));
      const value = held?.scores[row];
      return held && value !== undefined ? { score: value, status: STATUSES[held.statuses[row] ?? 0] ?? "ok" } : undefined;
    },

    clear(): void {
      kept = new Lru(stepsKept);
      failed = new Set();
      notes.value = [];
      message.value = "";
      wanted = null;
      version.value += 1;
    },
  };
}
