/** Identifiers of the list's rows, fetched as they come into sight. */
import { signal } from "@preact/signals";
import { Lru } from "./lru";
import type { Client } from "./requests";

/** Names asked for at once: those of the rows in sight, and of as many around them. */
export const PAGE = 256;
const NAMES_KEPT = 64 * PAGE;

export type Names = ReturnType<typeof createNames>;

export function createNames(client: Client) {
  let byRow = new Lru<number, string>(NAMES_KEPT);
  const version = signal(0);
  let wanted: number[] = [];
  let asking = false;

  async function pump(): Promise<void> {
    if (asking) return;
    asking = true;
    try {
      while (wanted.length > 0) {
        const into = byRow;
        const rows = wanted;
        wanted = [];
        const { reply } = await client.request({ kind: "names", rows });
        rows.forEach((row, place) => into.set(row, reply.names[place] ?? ""));
        version.value += 1;
      }
    } catch {
      wanted = [];
    } finally {
      asking = false;
    }
  }

  return {
    version,

    at(row: number): string | undefined {
      return byRow.peek(row);
    },

    rowOf(name: string): number | null {
      for (const [row, known] of byRow.entries()) if (known === name) return row;
      return null;
    },

    /** Asks for the names of these rows that are not known; rows asked for earlier and scrolled away are dropped. */
    want(rows: readonly number[]): void {
      wanted = rows.filter((row) => byRow.get(row) === undefined);
      void pump();
    },

    clear(): void {
      byRow = new Lru(NAMES_KEPT);
      wanted = [];
      version.value += 1;
    },
  };
}
