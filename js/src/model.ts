import { isRunInfo } from "./protocol";

/** The part of the widget's model that the front end needs. */
export interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, handler: () => void): void;
  off(event: string, handler: () => void): void;
}

/** Where in its notebook a widget was made: which of how many in an execution of a cell. */
export interface Origin {
  cell: string | null;
  execution: number;
  place: number;
}

export function originOf(model: Model): Origin {
  const { cell, execution, place } = (model.get("_origin") ?? {}) as Partial<Origin>;
  return { cell: cell ?? null, execution: execution ?? 0, place: place ?? 0 };
}

/** The run's name, and that of the run it is compared with. */
export function runsOf(model: Model): string {
  const run = model.get("_run");
  if (!isRunInfo(run)) return "a run";
  const runs = run.other === null ? [run] : [run, run.other];
  return runs.map(({ name }) => name || "a run").join(" and ");
}
