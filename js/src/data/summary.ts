/** A score of each step as a whole, asked for while there is a chart to draw. */
import type { Client } from "./requests";
import { createStepwise } from "./stepwise";

export type Summary = ReturnType<typeof createSummary>;

export function createSummary(client: Client, steps: () => readonly number[]) {
  return createStepwise<string, number | null>(
    async (score, lacking) => (await client.request({ kind: "summary", score, steps: lacking })).reply,
    steps,
  );
}
