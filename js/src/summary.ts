/** A score of each step as a whole, asked for while there is a chart to draw. */
import { signal } from "@preact/signals";
import type { Client } from "./requests";

export type Summary = ReturnType<typeof createSummary>;

export function createSummary(client: Client, steps: () => readonly number[]) {
  let known = new Map<string, Map<number, number | null>>();
  const version = signal(0);
  /** Why values are lacking and are not on their way, or empty. */
  const message = signal("");
  let wanted: string | null = null;
  let asking = false;

  function valuesOf(score: string): ReadonlyMap<number, number | null> {
    return known.get(score) ?? new Map();
  }

  async function pump(): Promise<void> {
    if (asking) return;
    asking = true;
    while (wanted !== null) {
      const score = wanted;
      const lacking = steps().filter((step) => !valuesOf(score).has(step));
      if (lacking.length === 0) break;
      const into = known;
      try {
        const { reply } = await client.request({ kind: "summary", score, steps: lacking });
        if (reply.steps.length === 0) throw new Error("a reply held none of the steps asked for");
        const values = new Map(valuesOf(score));
        reply.steps.forEach((step, place) => values.set(step, reply.values[place] ?? null));
        into.set(score, values);
        version.value += 1;
      } catch (error) {
        if (wanted !== score) continue;
        message.value = (error as Error).message;
        wanted = null;
      }
    }
    asking = false;
  }

  return {
    version,
    message,
    valuesOf,

    /** Asks for what is lacking of a score; null: for no more. */
    want(score: string | null): void {
      wanted = score;
      message.value = "";
      void pump();
    },

    /** Forgets what is known, and asks anew for what is wanted. */
    clear(): void {
      known = new Map();
      message.value = "";
      version.value += 1;
      void pump();
    },
  };
}
