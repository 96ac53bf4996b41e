/** What the list is narrowed to, as the trait `filter` says it. */
import { LEARNING_STATES, type LearningState } from "../protocol";

export interface Filter {
  text: string;
  label: string | null;
  learning: LearningState | null;
  mode: string | null;
}

export const NO_FILTER: Filter = { text: "", label: null, learning: null, mode: null };

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

export function filterOf(trait: unknown): Filter {
  const { text, label, learning, mode } = (trait ?? {}) as Record<string, unknown>;
  return {
    text: textOf(text) ?? "",
    label: textOf(label),
    learning: LEARNING_STATES.find((state) => state === learning) ?? null,
    mode: textOf(mode),
  };
}

/** The trait: the keys that narrow the list, and no others. */
export function traitOf(filter: Filter): Record<string, string> {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== null && value !== ""));
}

export function isEmpty(filter: Filter): boolean {
  return Object.keys(traitOf(filter)).length === 0;
}
