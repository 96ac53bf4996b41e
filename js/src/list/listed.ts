/** The rows that the list shows, in its order. */
import type { Order } from "./ordering";

export interface Listed {
  count: number;
  rowAt(place: number): number;
  /** Null for a row that is not shown. */
  placeOf(row: number): number | null;
  /** The place that is `by` from a row's; from a row that is not shown, counted from where it would stand. */
  placeFrom(row: number, by: number): number;
}

export function everyRow(order: Order, total: number): Listed {
  return {
    count: total,
    rowAt: (place) => order.rowAt(place),
    placeOf: (row) => order.placeOf(row),
    placeFrom: (row, by) => order.placeOf(row) + by,
  };
}

/** The rows of which `shown` holds 1. */
export function someRows(order: Order, total: number, shown: Uint8Array): Listed {
  const rows = new Uint32Array(total);
  /** How many of the shown rows stand before each row. */
  const before = new Uint32Array(total);
  let count = 0;
  for (let place = 0; place < total; place += 1) {
    const row = order.rowAt(place);
    before[row] = count;
    if (shown[row] !== 1) continue;
    rows[count] = row;
    count += 1;
  }
  const isShown = (row: number): boolean => shown[row] === 1;
  return {
    count,
    rowAt: (place) => rows[place] ?? 0,
    placeOf: (row) => (isShown(row) ? (before[row] ?? 0) : null),
    placeFrom: (row, by) => (before[row] ?? 0) + (isShown(row) || by < 0 ? by : by - 1),
  };
}
