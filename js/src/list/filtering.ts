/** Which rows the list shows: those that meet all that its filter asks. */
import { computed, effect, type ReadonlySignal, signal, untracked } from "@preact/signals";
import { type Filter, isEmpty } from "./filter";
import { createGathered } from "../data/gathered";
import type { Learning } from "../data/learning";
import { everyRow, someRows } from "./listed";
import type { Modes } from "../data/modes";
import type { Order } from "./ordering";
import { HEALTHY, LEARNING_STATES, type RunInfo } from "../protocol";
import type { Client } from "../data/requests";

/** What to narrow the list by now; read inside an effect. */
export interface Narrowing {
  filter: Filter;
  run: RunInfo;
  score: string;
  step: number | null;
}

/** Which rows meet one part of a filter, and what that was told from. */
interface Condition {
  test: (row: number) => boolean;
  from: readonly unknown[];
}

/** A condition; null while what it needs is on its way; else why it cannot be had. */
type Part = Condition | string | null;

export type Filtering = ReturnType<typeof createFiltering>;

function questionOf({ text, label }: Filter): string | null {
  return text === "" && label === null ? null : JSON.stringify([text, label]);
}

/** `filtered` is called when the list shows other rows, and when those that were waited for cannot be had. */
export function createFiltering(
  client: Client,
  learning: Learning,
  modes: Modes,
  order: ReadonlySignal<Order>,
  narrowing: () => Narrowing,
  filtered: () => void,
  abort: AbortSignal,
) {
  /** 1 for each row that is shown; null where all are. */
  const shown = signal<Uint8Array | null>(null);
  /** Whether the list still shows what it did before the filter. */
  const pending = signal(false);
  /** Why the list cannot be narrowed, or empty. */
  const message = signal("");
  const search = createGathered<Uint8Array>(
    async (question) => {
      const [text, label] = JSON.parse(question) as [string, string | null];
      const { reply, buffers } = await client.request({ kind: "search", text, label });
      const found = new Uint8Array(narrowing().run.specimens);
      for (const row of buffers.rows ?? []) found[row] = 1;
      return { read: reply.read, value: found };
    },
    () => narrowing().run.steps.length,
  );
  /** What the rows that are shown were told from. */
  let made: readonly unknown[] = [];

  const total = computed(() => narrowing().run.specimens);
  const listed = computed(() => {
    const rows = shown.value;
    return rows === null ? everyRow(order.value, total.value) : someRows(order.value, total.value, rows);
  });

  function byText(filter: Filter): Part {
    void search.version.value;
    const found = search.at(questionOf(filter) as string)?.value;
    return found ? { test: (row) => found[row] === 1, from: [found] } : search.message.value || null;
  }

  function byLearning({ learning: state }: Filter, score: string): Part {
    void learning.version.value;
    const states = learning.at(score)?.value?.states;
    const code = LEARNING_STATES.findIndex((one) => one === state);
    return states ? { test: (row) => states[row] === code, from: [states, code] } : learning.message.value || null;
  }

  function byMode({ mode }: Filter, run: RunInfo, step: number | null): Part {
    void modes.version.value;
    const found = modes.at(step);
    const bit = run.modes.findIndex(({ key }) => key === mode);
    if (bit < 0 && mode !== HEALTHY) return `failure mode ${mode}: it is not one of ${run.modes.map(({ key }) => key).join(", ")}`;
    if (!found) return modes.message.value || null;
    const test =
      mode === HEALTHY
        ? (row: number) => found.judged[row] === 1 && found.modes[row] === 0
        : (row: number) => (((found.modes[row] ?? 0) >>> bit) & 1) === 1;
    return { test, from: [found, bit] };
  }

  function ask(): void {
    const { filter, step } = narrowing();
    untracked(() => {
      search.want(questionOf(filter));
      modes.want(filter.mode === null ? null : step);
    });
  }

  function update(): void {
    const { filter, run, score, step } = narrowing();
    const parts: Part[] = [];
    if (questionOf(filter) !== null) parts.push(byText(filter));
    if (filter.learning !== null) parts.push(byLearning(filter, score));
    if (filter.mode !== null) parts.push(byMode(filter, run, step));
    const failure = parts.find((part) => typeof part === "string") as string | undefined;
    message.value = failure ?? "";
    pending.value = failure === undefined && parts.includes(null);
    if (failure !== undefined) untracked(filtered);
    if (failure !== undefined || pending.peek()) return;
    const conditions = parts as Condition[];
    const from = conditions.flatMap((condition) => [...condition.from]);
    if (from.length === made.length && from.every((one, place) => one === made[place])) return;
    made = from;
    if (conditions.length === 0) shown.value = null;
    else {
      const rows = new Uint8Array(run.specimens);
      for (let row = 0; row < rows.length; row += 1) rows[row] = conditions.every(({ test }) => test(row)) ? 1 : 0;
      shown.value = rows;
    }
    untracked(filtered);
  }

  abort.addEventListener("abort", effect(ask));
  abort.addEventListener("abort", effect(update));

  return {
    listed,
    pending,
    message,
    /** How many steps have been searched, while more are to be. */
    searched: computed((): number | null => {
      const { filter } = narrowing();
      void search.version.value;
      const question = questionOf(filter);
      return question === null || search.isWhole(question) ? null : (search.at(question)?.read ?? 0);
    }),
    isNarrowed: computed(() => !isEmpty(narrowing().filter)),

    retry(): void {
      search.retry();
      ask();
    },

    /** Searches anew: there is more to search. */
    refresh: search.clear,

    clear(): void {
      made = [];
      shown.value = null;
      search.clear();
    },
  };
}
