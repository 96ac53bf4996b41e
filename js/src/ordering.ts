/** The order of a list's rows by their values. */

/** Rows in the order of the list, and the place of each row in it. */
export interface Order {
  rowAt(place: number): number;
  placeOf(row: number): number;
}

export const AS_IN_RUN: Order = { rowAt: (place) => place, placeOf: (row) => row };

export function reversedRun(total: number): Order {
  const turned = (place: number): number => total - 1 - place;
  return { rowAt: turned, placeOf: turned };
}

const DIGIT_BITS = 16;
const DIGITS = 1 << DIGIT_BITS;
const LAST = 0xffffffff;

/** Whole numbers that ascend as the values do; those of NaN are the last, also where the order descends. */
function keysOf(values: Float32Array | Uint32Array, descending: boolean): Uint32Array {
  const keys = new Uint32Array(values.length);
  if (values instanceof Uint32Array) {
    for (let row = 0; row < keys.length; row += 1) keys[row] = descending ? ~(values[row] as number) : (values[row] as number);
    return keys;
  }
  const positive = values.map((value) => value + 0);
  const bits = new Uint32Array(positive.buffer, positive.byteOffset, positive.length);
  for (let row = 0; row < keys.length; row += 1) {
    const value = positive[row] as number;
    const raw = bits[row] as number;
    const ascending = raw >>> 31 ? ~raw : raw | 0x80000000;
    keys[row] = Number.isNaN(value) ? LAST : descending ? ~ascending : ascending;
  }
  return keys;
}

/** Rows of `values` in ascending or descending order, those of NaN last; rows of equal values stay in their order. */
export function sortedRows(values: Float32Array | Uint32Array, descending: boolean): Uint32Array {
  const keys = keysOf(values, descending);
  let rows = Uint32Array.from(keys, (_, row) => row);
  let sorted = new Uint32Array(rows.length);
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    const starts = new Uint32Array(DIGITS + 1);
    for (const key of keys) starts[((key >>> shift) & (DIGITS - 1)) + 1]! += 1;
    for (let digit = 0; digit < DIGITS; digit += 1) starts[digit + 1]! += starts[digit]!;
    for (const row of rows) {
      const digit = (keys[row]! >>> shift) & (DIGITS - 1);
      sorted[starts[digit]!] = row;
      starts[digit]! += 1;
    }
    [rows, sorted] = [sorted, rows];
  }
  return rows;
}

export function orderOf(rows: Uint32Array): Order {
  const places = new Uint32Array(rows.length);
  rows.forEach((row, place) => {
    places[row] = place;
  });
  return { rowAt: (place) => rows[place] ?? place, placeOf: (row) => places[row] ?? row };
}
