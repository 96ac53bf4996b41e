/** The order of the list: by run order, identifier, the scores at the step that the user settled on and how they changed,
 * or when and how often a specimen was learned and forgotten. */
import { computed, effect, signal, untracked } from "@preact/signals";
import type { Learning } from "../data/learning";
import { AS_IN_RUN, type Order, orderOf, reversedRun, sortedRows } from "./ordering";
import type { Score, Sort } from "../protocol";
import type { Client } from "../data/requests";
import type { Scores } from "../data/scores";

/** What to sort by now; read inside an effect. */
export interface Choice {
  by: Sort;
  reversed: boolean;
  score: Score;
  step: number | null;
  /** The step that changes are counted from. */
  from: number | null;
  total: number;
}

/** Values of the rows, null for the order of the run, and whether they go from high to low. */
interface Keys {
  values: Float32Array | Uint32Array | null;
  descending: boolean;
}

/** How much the score of each row changed; NaN where either is lacking. */
export function changes(before: Float32Array, after: Float32Array): Float32Array {
  return after.map((value, row) => value - (before[row] ?? Number.NaN));
}

export type Sorting = ReturnType<typeof createSorting>;

/** `sorted` is called when the list has another order, and when an order that was waited for cannot be had. */
export function createSorting(
  client: Client,
  scores: Scores,
  learning: Learning,
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
  /** What the rows are sorted by, where that is no score. */
  const values = signal<{ by: Sort; values: Float32Array } | null>(null);
  let asking = false;
  let changed: { before: Float32Array; after: Float32Array; values: Float32Array } | undefined;
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

  function changesOf(score: string, from: number | null, step: number | null): Float32Array | null | undefined {
    void scores.version.value;
    if (from === null) return null;
    const before = scores.all(from, score);
    const after = scores.all(step, score);
    if (!before || !after) return undefined;
    if (changed?.before !== before || changed.after !== after) changed = { before, after, values: changes(before, after) };
    return changed.values;
  }

  /** Undefined until what to sort by has arrived. */
  function keysOf({ by, reversed, score, step, from }: Choice): Keys | undefined {
    if (by === "order") return { values: null, descending: reversed };
    if (by === "identifier") {
      if (ranks.value === null) void askRanks();
      return ranks.value === null ? undefined : { values: ranks.value, descending: reversed };
    }
    if (by === "learned_at" || by === "forgetting") {
      void learning.version.value;
      const found = learning.at(score.name)?.value;
      if (!found) return undefined;
      return by === "learned_at"
        ? { values: found.learnedAt, descending: reversed }
        : { values: found.forgetting, descending: !reversed };
    }
    void scores.version.value;
    const values = by === "change" ? changesOf(score.name, from, step) : scores.all(step, score.name);
    return values === undefined ? undefined : { values, descending: (score.direction === "lower") !== reversed };
  }

  function failureOf(by: Sort): string {
    if (by === "order") return "";
    if (by === "identifier") return message.value;
    return by === "learned_at" || by === "forgetting" ? learning.message.value : scores.message.value;
  }

  function update(): void {
    const now = choice();
    const keys = keysOf(now);
    const failed = failureOf(now.by) !== "";
    pending.value = keys === undefined && !failed;
    if (keys === undefined) {
      if (failed) untracked(sorted);
      return;
    }
    const { values: by, descending } = keys;
    values.value = by instanceof Float32Array && now.by !== "score" ? { by: now.by, values: by } : null;
    if (made?.values === by && made.descending === descending && made.total === now.total) return;
    made = { ...keys, total: now.total };
    if (by !== null) order.value = orderOf(sortedRows(by, descending));
    else order.value = now.by === "order" && descending ? reversedRun(now.total) : AS_IN_RUN;
    untracked(sorted);
  }

  abort.addEventListener("abort", effect(update));

  return {
    order,
    pending,
    message,
    values,
    /** Why the list cannot be sorted by what is no score in sight, or empty. */
    failure: computed(() => {
      const { by } = choice();
      return by === "score" || by === "change" ? "" : failureOf(by);
    }),

    retry(): void {
      message.value = "";
    },

    clear(): void {
      made = undefined;
      changed = undefined;
      values.value = null;
      ranks.value = null;
      message.value = "";
    },
  };
}
