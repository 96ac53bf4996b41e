/** The phrases or classes of the ground truth, to choose from: the most frequent, or of many those that hold a text. */
import { signal } from "@preact/signals";
import type { LabelCount } from "../protocol";
import type { Client } from "./requests";

export interface Found {
  text: string;
  labels: readonly LabelCount[];
  /** How many labels hold the text; not all of them need be among `labels`. */
  total: number;
}

export type Labels = ReturnType<typeof createLabels>;

export function createLabels(client: Client) {
  /** What holds no particular text: null until it has arrived. */
  const usual = signal<Found | null>(null);
  const found = signal<Found | null>(null);
  /** Why there is nothing to choose from, or empty. */
  const message = signal("");
  let wanted: string | null = null;
  let asking = false;

  async function pump(): Promise<void> {
    if (asking) return;
    asking = true;
    while (wanted !== null) {
      const text = wanted;
      wanted = null;
      try {
        const { reply } = await client.request({ kind: "labels", text });
        const answer = { text, labels: reply.labels, total: reply.total };
        if (text === "") usual.value = answer;
        found.value = answer;
      } catch (error) {
        message.value = (error as Error).message;
      }
    }
    asking = false;
  }

  return {
    usual,
    found,
    message,

    /** Asks for the labels that hold a text; one asked for meanwhile takes the place of those not asked for yet. */
    want(text: string): void {
      message.value = "";
      if (text === "" && usual.peek() !== null) {
        found.value = usual.peek();
        return;
      }
      wanted = text;
      void pump();
    },

    clear(): void {
      usual.value = null;
      found.value = null;
      message.value = "";
    },
  };
}
