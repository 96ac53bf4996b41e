/** What Python makes step by step, asked for until it is there for every step: one reply holds as many steps as could be
 * made in a moment, and other requests are answered in between. */
import { signal } from "@preact/signals";
import { Lru } from "./lru";

/** Values of the first of the steps that were asked for. */
export interface Part<Value> {
  steps: readonly number[];
  values: readonly Value[];
}

export type Stepwise<Key, Value> = ReturnType<typeof createStepwise<Key, Value>>;

/** `steps` are asked for in the order it gives them; the values of the `kept` keys wanted last are remembered. */
export function createStepwise<Key, Value>(
  ask: (key: Key, steps: number[]) => Promise<Part<Value>>,
  steps: () => readonly number[],
  kept = 64,
) {
  let known = new Lru<Key, ReadonlyMap<number, Value>>(kept);
  const version = signal(0);
  /** Why values are lacking and are not on their way, or empty. */
  const message = signal("");
  let wanted: Key | null = null;
  let asking = false;

  function valuesOf(key: Key): ReadonlyMap<number, Value> {
    return known.peek(key) ?? new Map();
  }

  async function pump(): Promise<void> {
    if (asking) return;
    asking = true;
    while (wanted !== null) {
      const key = wanted;
      const lacking = steps().filter((step) => !valuesOf(key).has(step));
      if (lacking.length === 0) break;
      const into = known;
      try {
        const part = await ask(key, lacking);
        if (part.steps.length === 0) throw new Error("a reply held none of the steps asked for");
        const values = new Map(into.peek(key));
        part.steps.forEach((step, place) => values.set(step, part.values[place] as Value));
        into.set(key, values);
        version.value += 1;
      } catch (error) {
        if (wanted !== key) continue;
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

    /** Asks for what is lacking of a key; null: for no more. */
    want(key: Key | null): void {
      wanted = key;
      message.value = "";
      if (key !== null) known.get(key);
      void pump();
    },

    /** Forgets what is known, and asks anew for what is wanted. */
    clear(): void {
      known = new Lru(kept);
      message.value = "";
      version.value += 1;
      void pump();
    },
  };
}
