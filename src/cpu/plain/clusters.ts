/**
 * Nearest-centroid assignment in float64. Labels are defined by squared distances, summed term by term; scores
 * ‖c‖² − 2x·c cost less, and decide where the best of them stands out by more than their rounding.
 */

import { type FixedSums, Spill, UNITS_OF_LARGE } from '../../engine/fixed.ts';
import type { Units } from '../../frame.ts';
import type { RowValues } from '../../points.ts';
import type { Steps } from '../../steps.ts';
import type { Node } from '../../tree.ts';
import { rowsOfTurn } from '../../turns.ts';
import type { Assigned, Clusters, ClustersOptions } from '../clusters.ts';
import { UNLABELLED } from '../kernels/kmeans/layout.ts';
import { type Shard, squaredDistance } from '../shard.ts';

/** Integers of float64 stay exact a little longer than this. */
const CARRY_AT = 2 ** 52;
/** Times it, a number's 27 lowest bits are set apart from the others. */
const SPLITTER = 2 ** 27 + 1;

export class PlainClusters implements Clusters {
  readonly #shard: Shard;
  readonly #k: number;
  readonly #units: Units;
  readonly #labels: Uint32Array;
  /** Of each sum, the part that is a multiple of 2^32, over 2^32, and the rest: [k, limbs, stride]. */
  readonly #high: Float64Array;
  readonly #low: Float64Array;
  readonly #spill: Spill;
  #packed: PackedCentroids | null = null;
  /** False before the first assignment, and after one that did not end. */
  #labelled = false;

  constructor(shard: Shard, { k, units }: ClustersOptions) {
    this.#shard = shard;
    this.#k = k;
    this.#units = units;
    this.#labels = new Uint32Array(shard.n);
    this.#high = new Float64Array(k * units.limbs * units.stride);
    this.#low = new Float64Array(k * units.limbs * units.stride);
    this.#spill = new Spill(units);
  }

  *assign(centroids: Float64Array): Steps<Assigned> {
    if (!this.#labelled) this.#forget();
    this.#labelled = false;
    const changed = yield* this.#assignAll(centroids, true);
    this.#labelled = true;
    return { ...this.#sums(), changed };
  }

  *label(centroids: Float64Array): Steps<void> {
    this.#labelled = false;
    yield* this.#assignAll(centroids, false);
  }

  // biome-ignore lint/correctness/useYield: a verb like the others
  *labels(): Steps<Uint32Array> {
    return this.#labels.slice();
  }

  *distances(): Steps<Float64Array> {
    const { n, d } = this.#shard;
    const distances = new Float64Array(n);
    const pause = rowsOfTurn(d);
    for (let start = 0; start < n; start += pause) {
      for (let i = start; i < Math.min(n, start + pause); i++) distances[i] = this.#distanceOf(i);
      yield;
    }
    return distances;
  }

  inertia(): Steps<readonly Node[]> {
    return this.#shard.totalOver((start, end, sum) => {
      const { weights } = this.#shard;
      for (let i = start; i < end; i++) sum += (weights === null ? 1 : weights[i]) * this.#distanceOf(i);
      return sum;
    });
  }

  free(): void {}

  #distanceOf(i: number): number {
    const { rows, d } = this.#shard;
    return squaredDistance(rows, i * d, this.#packed!.values, this.#labels[i] * d, d);
  }

  #forget(): void {
    this.#labels.fill(UNLABELLED);
    this.#high.fill(0);
    this.#low.fill(0);
    this.#spill.clear();
  }

  /** @returns the number of rows whose label changed. */
  *#assignAll(centroids: Float64Array, summed: boolean): Steps<number> {
    const { n, d } = this.#shard;
    const packed = packCentroids(centroids, this.#k, d);
    this.#packed = packed;
    const pause = rowsOfTurn(centroids.length);
    let changed = 0;
    for (let start = 0; start < n; start += pause) {
      changed += this.#assignRows(packed, start, Math.min(n, start + pause), summed);
      yield;
    }
    return changed;
  }

  #assignRows(packed: PackedCentroids, start: number, end: number, summed: boolean): number {
    const { rows, precise } = this.#shard;
    const { d } = packed;
    let changed = 0;
    const label = (i: number, nearest: number) => {
      const before = this.#labels[i];
      if (before === nearest) return;
      this.#labels[i] = nearest;
      changed++;
      if (summed) this.#moveRow(rows, i, before, nearest);
    };
    let i = start;
    for (; !precise && i + 4 <= end; i += 4) {
      nearestOfFour(rows, i * d, packed);
      for (let p = 0; p < 4; p++) {
        const from = (i + p) * d;
        const isClear = gaps[p] > roundingOf(rows, from, nearest[p], packed);
        label(i + p, isClear ? nearest[p] : leastDistant(rows, from, packed, this.#k));
      }
    }
    for (; i < end; i++) label(i, leastDistant(rows, i * d, packed, this.#k));
    return changed;
  }

  /** Takes weight × a row, and the weight, from the sums of one cluster to those of another. */
  #moveRow(rows: RowValues, i: number, before: number, after: number): void {
    const { d, weights, precise } = this.#shard;
    const weight = weights === null ? 1 : weights[i];
    if (weight === 0) return;
    for (let j = 0, at = i * d; j < d; j++, at++) {
      if (precise && weights !== null) {
        // Of 26 bits at most each, so that the products are exact (Dekker 1971).
        const spread = rows[at] * SPLITTER;
        const high = spread - (spread - rows[at]);
        this.#moveValue(weight * high, j, before, after);
        this.#moveValue(weight * (rows[at] - high), j, before, after);
      } else this.#moveValue(weight * rows[at], j, before, after);
    }
    this.#moveValue(weight, d, before, after);
  }

  /** See fixed.ts. */
  #moveValue(value: number, column: number, before: number, after: number): void {
    const { stride, limbs, units, limits } = this.#units;
    let left = value;
    if (Math.abs(value) <= limits[column]) {
      for (let limb = 0; limb < limbs; limb++) {
        const at = limb * stride + column;
        const large = units[at] * UNITS_OF_LARGE;
        const whole = left + large - large;
        if (before !== UNLABELLED) this.#addInteger(before * limbs * stride + at, -whole / units[at]);
        this.#addInteger(after * limbs * stride + at, whole / units[at]);
        left -= whole;
      }
    }
    if (left === 0) return;
    if (before !== UNLABELLED) this.#spill.add(-left, column, before);
    this.#spill.add(left, column, after);
  }

  #addInteger(at: number, value: number): void {
    const low = this.#low[at] + value;
    this.#low[at] = low;
    if (Math.abs(low) > CARRY_AT) this.#carry(at);
  }

  #carry(at: number): void {
    const carried = Math.floor(this.#low[at] / 2 ** 32);
    this.#high[at] += carried;
    this.#low[at] -= carried * 2 ** 32;
  }

  #sums(): FixedSums {
    for (let at = 0; at < this.#low.length; at++) this.#carry(at);
    return { high: this.#high.slice(), low: this.#low.slice(), spilled: this.#spill.sums() };
  }
}

/** Centroids [k, d] for the inner loop: an even number of them, the odd one out padded by one that nobody is near. */
interface PackedCentroids {
  readonly d: number;
  readonly values: Float64Array;
  /** ‖c‖² */
  readonly norms: Float64Array;
}

function packCentroids(centroids: Float64Array, k: number, d: number): PackedCentroids {
  const padded = k + (k & 1);
  const values = new Float64Array(padded * d);
  values.set(centroids);
  const norms = new Float64Array(padded).fill(Infinity);
  for (let c = 0; c < k; c++) {
    let norm = 0;
    for (let j = c * d; j < (c + 1) * d; j++) norm += values[j] * values[j];
    norms[c] = norm;
  }
  return { d, values, norms };
}

/** What {@link nearestOfFour} found: the best of each row, and by how much the second best is behind. */
const nearest = new Uint32Array(4);
const gaps = new Float64Array(4);

/** A tile of four rows by two centroids: eight sums in registers for six loads. */
function nearestOfFour(rows: RowValues, from: number, { d, values, norms }: PackedCentroids): void {
  const x1 = from + d;
  const x2 = x1 + d;
  const x3 = x2 + d;
  let best0 = Infinity;
  let best1 = Infinity;
  let best2 = Infinity;
  let best3 = Infinity;
  let second0 = Infinity;
  let second1 = Infinity;
  let second2 = Infinity;
  let second3 = Infinity;
  let n0 = 0;
  let n1 = 0;
  let n2 = 0;
  let n3 = 0;
  for (let c = 0; c < norms.length; c += 2) {
    const ca = c * d;
    const cb = ca + d;
    let a0 = 0;
    let a1 = 0;
    let a2 = 0;
    let a3 = 0;
    let b0 = 0;
    let b1 = 0;
    let b2 = 0;
    let b3 = 0;
    for (let j = 0; j < d; j++) {
      const a = values[ca + j];
      const b = values[cb + j];
      const v0 = rows[from + j];
      const v1 = rows[x1 + j];
      const v2 = rows[x2 + j];
      const v3 = rows[x3 + j];
      a0 += v0 * a;
      a1 += v1 * a;
      a2 += v2 * a;
      a3 += v3 * a;
      b0 += v0 * b;
      b1 += v1 * b;
      b2 += v2 * b;
      b3 += v3 * b;
    }
    const na = norms[c];
    const nb = norms[c + 1];
    // Strictly less, in ascending order: a tie keeps the lowest index.
    if ((a0 = na - 2 * a0) < best0) {
      second0 = best0;
      best0 = a0;
      n0 = c;
    } else if (a0 < second0) second0 = a0;
    if ((b0 = nb - 2 * b0) < best0) {
      second0 = best0;
      best0 = b0;
      n0 = c + 1;
    } else if (b0 < second0) second0 = b0;
    if ((a1 = na - 2 * a1) < best1) {
      second1 = best1;
      best1 = a1;
      n1 = c;
    } else if (a1 < second1) second1 = a1;
    if ((b1 = nb - 2 * b1) < best1) {
      second1 = best1;
      best1 = b1;
      n1 = c + 1;
    } else if (b1 < second1) second1 = b1;
    if ((a2 = na - 2 * a2) < best2) {
      second2 = best2;
      best2 = a2;
      n2 = c;
    } else if (a2 < second2) second2 = a2;
    if ((b2 = nb - 2 * b2) < best2) {
      second2 = best2;
      best2 = b2;
      n2 = c + 1;
    } else if (b2 < second2) second2 = b2;
    if ((a3 = na - 2 * a3) < best3) {
      second3 = best3;
      best3 = a3;
      n3 = c;
    } else if (a3 < second3) second3 = a3;
    if ((b3 = nb - 2 * b3) < best3) {
      second3 = best3;
      best3 = b3;
      n3 = c + 1;
    } else if (b3 < second3) second3 = b3;
  }
  nearest[0] = n0;
  nearest[1] = n1;
  nearest[2] = n2;
  nearest[3] = n3;
  gaps[0] = second0 - best0;
  gaps[1] = second1 - best1;
  gaps[2] = second2 - best2;
  gaps[3] = second3 - best3;
}

/**
 * What rounding may do to the difference of two scores of the row at `from`, the best of which is that of a centroid, and to
 * that of the distances which labels are defined by: as any nearer one is of a length m ≤ 2‖x‖ + ‖c‖, at most
 * 3g·m·(m + 2‖x‖), g = (d + 4)·2^-53, a third of it for the distances.
 */
function roundingOf(rows: RowValues, from: number, label: number, { d, norms }: PackedCentroids): number {
  let square = 0;
  for (let j = from; j < from + d; j++) square += rows[j] * rows[j];
  const length = Math.sqrt(square);
  const longest = 2 * length + Math.sqrt(norms[label]);
  return 1.52 * (d + 4) * 2 ** -52 * longest * (longest + 2 * length);
}

/** Index of the centroid at the least squared distance from the row that begins at `from`. */
function leastDistant(rows: RowValues, from: number, { d, values }: PackedCentroids, k: number): number {
  let best = Infinity;
  let found = 0;
  for (let c = 0; c < k; c++) {
    const distance = squaredDistance(rows, from, values, c * d, d);
    if (distance < best) {
      best = distance;
      found = c;
    }
  }
  return found;
}
