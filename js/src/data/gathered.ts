/** What Python can say once it has read all steps: each answer says how many it has read, and more is asked for until it
 * has read all. */
import { signal } from "@preact/signals";
import { Lru } from "./lru";

export interface Answer<Value> {
  /** How many steps have been read. */
  read: number;
  value: Value;
}

export type Gathered<Value> = ReturnType<typeof createGathered<Value>>;

/** The answers to the `kept` questions asked last are remembered. */
export function createGathered<Value>(ask: (question: string) => Promise<Answer<Value>>, steps: () => number, kept = 16) {
  let known = new Lru<string, Answer<Value>>(kept);
  const version = signal(0);
  /** Why the answer is lacking and is not on its way, or empty. */
  const message = signal("");
  let wanted: string | null = null;
  let failed: string | null = null;
  let asking = false;

  const isWhole = (question: string): boolean => (known.peek(question)?.read ?? -1) >= steps();

  function retry(): void {
    failed = null;
    message.value = "";
    void pump();
  }

  async function pump(): Promise<void> {
    if (asking) return;
    asking = true;
    while (wanted !== null && wanted !== failed && !isWhole(wanted)) {
      const question = wanted;
      const into = known;
      try {
        const answer = await ask(question);
        if (answer.read <= (into.peek(question)?.read ?? -1)) throw new Error("a reply had read no further step");
        into.set(question, answer);
      } catch (error) {
        if (wanted === question) {
          failed = question;
          message.value = (error as Error).message;
        }
      }
      version.value += 1;
    }
    asking = false;
  }

  return {
    version,
    message,

    /** Undefined until something has arrived; see `isWhole`. */
    at: (question: string): Answer<Value> | undefined => known.peek(question),
    isWhole,

    /** Asks unless the answer is there or could not be had; null: for no more. */
    want(question: string | null): void {
      if (question !== wanted) {
        failed = null;
        message.value = "";
      }
      wanted = question;
      if (question !== null) known.get(question);
      void pump();
    },

    retry,

    /** Forgets the answers, and asks anew for the one that is wanted. */
    clear(): void {
      known = new Lru(kept);
      version.value += 1;
      retry();
    },
  };
}
