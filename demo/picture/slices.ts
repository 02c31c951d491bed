/** Rows, or pixels, between two of the places where work can be interrupted. */
const SLICE = 2 ** 15;

/** The ranges [start, end) of so many rows or pixels. */
export function* slices(length: number, slice = SLICE): Generator<[start: number, end: number]> {
  for (let start = 0; start < length; start += slice) yield [start, Math.min(length, start + slice)];
}

// Of the plastic number, an additive sequence (R2) that is spread evenly in the plane and looks random; and of its like in
// three dimensions.
const STEPS = [0xc13fa9a9, 0x91e10da5, 0x8cb92ba7];

/** A number in [-0.5, 0.5) for each row, the same each time. */
export function jitter(row: number, axis: number): number {
  return (Math.imul(row, STEPS[axis]) >>> 0) / 2 ** 32 - 0.5;
}

/** At most so many of n rows, one at random in each of as many equal parts: ascending, the same each time. */
export function sampleOf(n: number, most: number): Uint32Array {
  const count = Math.min(n, most);
  return Uint32Array.from({ length: count }, (_, i) =>
    count === n ? i : Math.floor(((i + 0.5 + jitter(i, 0)) * n) / count),
  );
}
