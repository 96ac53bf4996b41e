/** The score of each row of the list over all steps, asked for as rows come into sight. */
import { signal } from "@preact/signals";
import { Lru } from "./lru";
import type { Client } from "./requests";

/** Rows asked for at once: few enough that those in sight are there soon. */
export const TREND_PAGE = 64;
const BYTES_KEPT = 16e6;

/** Values of one row by the place of their step; NaN where there is none. */
export interface Trend {
  values: Float32Array;
  /** How many steps have been read: the values of the others are not known yet. */
  read: number;
}

export type Trends = ReturnType<typeof createTrends>;

export function createTrends(client: Client, steps: () => readonly number[]) {
  const rowsKept = () => Math.max(2 * TREND_PAGE, Math.floor(BYTES_KEPT / (4 * Math.max(steps().length, 1))));
  let known = new Lru<string, Trend>(rowsKept());
  const version = signal(0);
  let wanted: { score: string; rows: readonly number[] } | null = null;
  let failed = false;
  let asking = false;

  const keyOf = (score: string, row: number): string => `${row} ${score}`;

  /** Rows that have been read up to the same step, and that step's place. */
  function lacking(): { score: string; rows: number[]; read: number } | null {
    if (wanted === null || failed) return null;
    const { score } = wanted;
    const readOf = (row: number): number => known.peek(keyOf(score, row))?.read ?? 0;
    const first = wanted.rows.find((row) => readOf(row) < steps().length);
    if (first === undefined) return null;
    const read = readOf(first);
    return { score, read, rows: wanted.rows.filter((row) => readOf(row) === read) };
  }

  async function pump(): Promise<void> {
    if (asking) return;
    asking = true;
    for (let asked = lacking(); asked !== null; asked = lacking()) {
      const { score, rows, read } = asked;
      const into = known;
      const all = steps();
      try {
        const { reply, buffers } = await client.request({ kind: "trends", score, rows, steps: all.slice(read) });
        const part = buffers.trends ?? new Float32Array(0);
        const width = reply.steps.length;
        if (width === 0 || part.length !== rows.length * width) throw new Error("a reply held none of the steps asked for");
        rows.forEach((row, place) => {
          const values = new Float32Array(all.length).fill(Number.NaN);
          values.set(into.peek(keyOf(score, row))?.values.subarray(0, read) ?? []);
          values.set(part.subarray(place * width, (place + 1) * width), read);
          into.set(keyOf(score, row), { values, read: read + width });
        });
      } catch {
        // the list says why scores are lacking; they are asked for again when other rows come into sight
        failed = true;
      }
      version.value += 1;
    }
    asking = false;
  }

  return {
    version,

    /** Undefined until something of the row has arrived. */
    at(score: string, row: number): Trend | undefined {
      return known.peek(keyOf(score, row));
    },

    /** Asks for what is lacking of these rows; rows asked for earlier and scrolled away are dropped. */
    want(score: string, rows: readonly number[]): void {
      wanted = { score, rows };
      failed = false;
      for (const row of rows) known.get(keyOf(score, row));
      void pump();
    },

    clear(): void {
      known = new Lru(rowsKept());
      wanted = null;
      version.value += 1;
    },
  };
}
