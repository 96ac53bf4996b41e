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

const SHIFTS = [0, 11, 22] as const;
const DIGITS = 1 << 11;
const LAST = 0xffffffff;

/** A whole number that ascends as the value with these bits does; a NaN's is the last, also where the order descends. */
function keyOfFloat(bits: number, flip: number): number {
  const size = bits & 0x7fffffff;
  if (size > 0x7f800000) return LAST;
  const ascending = size === 0 ? 0x80000000 : bits >>> 31 ? ~bits : bits | 0x80000000;
  return (ascending ^ flip) >>> 0;
}

/** Rows of `values` in ascending or descending order, those of NaN last; rows of equal values stay in their order.
 * A radix sort by three digits: stable, and as quick whatever the values. */
export function sortedRows(values: Float32Array | Uint32Array, descending: boolean): Uint32Array {
  const count = values.length;
  const bits = new Uint32Array(values.buffer, values.byteOffset, count);
  const areFloats = values instanceof Float32Array;
  const flip = descending ? LAST : 0;
  const keys = new Uint32Array(count);
  const starts = SHIFTS.map(() => new Uint32Array(DIGITS + 1));
  for (let row = 0; row < count; row += 1) {
    const key = areFloats ? keyOfFloat(bits[row]!, flip) : (bits[row]! ^ flip) >>> 0;
    keys[row] = key;
    for (let digit = 0; digit < SHIFTS.length; digit += 1) starts[digit]![((key >>> SHIFTS[digit]!) & (DIGITS - 1)) + 1]! += 1;
  }
  let rows = new Uint32Array(count).map((_, row) => row);
  let sorted = new Uint32Array(count);
  SHIFTS.forEach((shift, digit) => {
    const next = starts[digit]!;
    for (let place = 0; place < DIGITS; place += 1) next[place + 1]! += next[place]!;
    for (let place = 0; place < count; place += 1) {
      const row = rows[place]!;
      const value = (keys[row]! >>> shift) & (DIGITS - 1);
      sorted[next[value]!] = row;
      next[value]! += 1;
    }
    [rows, sorted] = [sorted, rows];
  });
  return rows;
}

export function orderOf(rows: Uint32Array): Order {
  const places = new Uint32Array(rows.length);
  for (let place = 0; place < rows.length; place += 1) places[rows[place]!] = place;
  return { rowAt: (place) => rows[place] ?? place, placeOf: (row) => places[row] ?? row };
}
