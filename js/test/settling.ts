import { expect } from "vitest";

/** Lets promises and renders run until something is so; fails when it never is. */
export async function until(condition: () => boolean, turns = 400): Promise<void> {
  for (let turn = 0; turn < turns && !condition(); turn += 1) await Promise.resolve();
  expect(condition()).toBe(true);
}
