/** The order of the list: by run order, identifier, or the scores at the step that the user settled on. */
import { effect, signal, untracked } from "@preact/signals";
import { AS_IN_RUN, type Order, orderOf, reversedRun, sortedRows } from "./ordering";
import type { Score, Sort } from "./protocol";
import type { Client } from "./requests";
import type { Scores } from "./scores";

/** What to sort by now; read inside an effect. */
export interface Choice {
  by: Sort;
  reversed: boolean;
  score: Score;
  step: number | null;
  total: number;
}

/** Values of the rows, null for the order of the run, and whether they go from high to low. */
interface Keys {
  values: Float32Array | Uint32Array | null;
  descending: boolean;
}

export type Sorting = ReturnType<typeof createSorting>;

/** `sorted` is called when the list has another order, and when an order that was waited for cannot be had. */
export function createSorting(
  client: Client,
  scores: Scores,
  choice: () => Choice,
  sorted: () => void,
  abort: AbortSignal,
) {
  const order = signal<Order>(AS_IN_RUN);
  /** Whether the list still has the order it had before the choice. */
  const pending = signal(false);
  /** Why identifiers cannot be sorted, or empty. */
  const message = signal("");
  const ranks = signal<Uint32Array | null>(null);
  let asking = false;
  /** What the present order was made from. */
  let made: (Keys & { total: number }) | undefined;

  async function askRanks(): Promise<void> {
    if (asking || message.peek() !== "") return;
    asking = true;
    try {
      const { buffers } = await client.request({ kind: "ranks" });
      ranks.value = buffers.ranks ?? new Uint32Array(0);
    } catch (error) {
      message.value = (error as Error).message;
    } finally {
      asking = false;
    }
  }

  /** Undefined until what to sort by has arrived. */
  function keysOf({ by, reversed, score, step }: Choice): Keys | undefined {
    if (by === "order") return { values: null, descending: reversed };
    if (by === "identifier") {
      if (ranks.value === null) void askRanks();
      return ranks.value === null ? undefined : { values: ranks.value, descending: reversed };
    }
    void scores.version.value;
    const values = scores.all(step, score.name);
    return values && { values, descending: (score.direction === "lower") !== reversed };
  }

  function update(): void {
    const now = choice();
    const keys = keysOf(now);
    const failed = (now.by === "identifier" ? message.value : scores.message.value) !== "";
    pending.value = keys === undefined && !failed;
    if (keys === undefined) {
      if (failed) untracked(sorted);
      return;
    }
    const { values, descending } = keys;
    if (made?.values === values && made.descending === descending && made.total === now.total) return;
    made = { ...keys, total: now.total };
    if (values !== null) order.value = orderOf(sortedRows(values, descending));
    else order.value = descending ? reversedRun(now.total) : AS_IN_RUN;
    untracked(sorted);
  }

  abort.addEventListener("abort", effect(update));

  return {
    order,
    pending,
    message,

    retry(): void {
      message.value = "";
    },

    clear(): void {
      made = undefined;
      ranks.value = null;
      message.value = "";
    },
  };
}
