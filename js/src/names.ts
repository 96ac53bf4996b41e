/** Identifiers of the list's rows, fetched in pages as they come into sight. */
import { signal } from "@preact/signals";
import { Lru } from "./lru";
import type { Client } from "./requests";

export const PAGE = 256;
const PAGES_KEPT = 64;

export type Names = ReturnType<typeof createNames>;

export function createNames(client: Client, total: () => number) {
  const pages = new Lru<number, string[]>(PAGES_KEPT);
  const version = signal(0);
  let wanted: number[] = [];
  let asking = false;

  async function pump(): Promise<void> {
    if (asking) return;
    asking = true;
    try {
      for (let page = wanted.shift(); page !== undefined; page = wanted.shift()) {
        if (pages.has(page)) continue;
        const first = page * PAGE;
        const { reply } = await client.request({ kind: "names", first, count: Math.min(PAGE, total() - first) });
        pages.set(page, reply.names);
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
      return pages.peek(Math.floor(row / PAGE))?.[row % PAGE];
    },

    rowOf(name: string): number | null {
      for (const [page, names] of pages.entries()) {
        const place = names.indexOf(name);
        if (place >= 0) return page * PAGE + place;
      }
      return null;
    },

    /** Asks for the pages of rows now in sight; rows asked for earlier and scrolled away are dropped. */
    want(first: number, end: number): void {
      wanted = [];
      for (let page = Math.floor(first / PAGE); page * PAGE < end; page += 1) {
        if (pages.get(page) === undefined) wanted.push(page);
      }
      void pump();
    },

    clear(): void {
      pages.clear();
      wanted = [];
      version.value += 1;
    },
  };
}
