/**
 * Exact sums. A weighted value is rounded once, to a multiple of a unit of its column, and integers add up: so a sum has
 * the same bits whatever the order of its terms, whoever computed it, and whether it was summed anew or kept up to date.
 * The unit leaves 62 bits to the sum: with three million rows, 2^-40 of the column's largest value.
 */

/** The columns of a sum: d features, then the weight, padded to an even number. */
export interface Units {
  readonly stride: number;
  /** 1; with weights 2: what one unit is too coarse for, where light clusters lie beside heavy ones. */
  readonly limbs: number;
  /** Powers of two: [limbs, stride]. */
  readonly units: Float64Array;
}

/** Integers, sums of units: high·2^32 + low, each [k, limbs, stride]. */
export interface FixedSums {
  readonly high: Float64Array;
  /** From 0 to 2^32 − 1. */
  readonly low: Float64Array;
}

const SUM_BITS = 62;
/** What is rounded by adding 1.5·2^52 units may not be larger than half of that. */
const VALUE_BITS = 51;

/** A number this large has the unit as its last place. */
export const UNITS_OF_LARGE = 1.5 * 2 ** 52;

/** For `n` rows whose weighted values and weights are at most `reach` [d + 1]. */
export function unitsOf(reach: Float64Array, n: number, weighted: boolean): Units {
  const stride = 2 * Math.ceil(reach.length / 2);
  const limbs = weighted ? 2 : 1;
  const bits = Math.min(VALUE_BITS, SUM_BITS - Math.ceil(Math.log2(n + 1)));
  const units = new Float64Array(limbs * stride).fill(1);
  reach.forEach((largest, j) => {
    units[j] = powerAbove(largest) * 2 ** -bits;
    if (weighted) units[stride + j] = units[j] * 2 ** -(bits + 1);
  });
  return { stride, limbs, units };
}

/** The least power of two that is not less; 1 for 0. */
function powerAbove(value: number): number {
  if (value === 0) return 1;
  const power = 2 ** Math.floor(Math.log2(value));
  return power < value ? 2 * power : power;
}

/** Counts [k] and sums [k, d] of all shards: exact, then rounded once (with weights once a limb). */
export function momentsOf(
  parts: readonly FixedSums[],
  { stride, limbs, units }: Units,
  k: number,
  d: number,
): { counts: Float64Array; sums: Float64Array } {
  const counts = new Float64Array(k);
  const sums = new Float64Array(k * d);
  const value = (c: number, j: number) => {
    let sum = 0;
    for (let limb = limbs - 1; limb >= 0; limb--) {
      let high = 0;
      let low = 0;
      const at = (c * limbs + limb) * stride + j;
      for (const part of parts) {
        high += part.high[at];
        low += part.low[at];
      }
      sum += (high * 2 ** 32 + low) * units[limb * stride + j];
    }
    return sum;
  };
  for (let c = 0; c < k; c++) {
    for (let j = 0; j < d; j++) sums[c * d + j] = value(c, j);
    counts[c] = value(c, d);
  }
  return { counts, sums };
}
