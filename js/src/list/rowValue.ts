/** What the list says of a row beside its name, where it is sorted by no score. */
import type { Score, Sort } from "../protocol";
import { scoreText } from "../words";

export function signed(value: number): string {
  const text = scoreText(Math.abs(value));
  return value > 0 ? `+${text}` : value < 0 ? `−${text}` : text;
}

export function rowValue(by: Sort, value: number, steps: readonly number[]): string {
  if (by === "learned_at") return Number.isNaN(value) ? "never" : String(steps[value] ?? "?");
  if (Number.isNaN(value)) return "–";
  return by === "change" ? signed(value) : `${value}×`;
}

/** What the values beside the names are. */
export function rowHeading(by: Sort, score: Score, from: number | null): string {
  if (by === "change") return from === null ? `change in ${score.name}` : `${score.name} since step ${from}`;
  if (by === "learned_at") return `${score.name} learned at step`;
  if (by === "forgetting") return `${score.name} forgotten`;
  return score.name;
}
