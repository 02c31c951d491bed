/** Four rows at a time, so that every parameter and every sum is fetched once for four. */
import type { Gaussians } from '../../engine/gaussians.ts';
import type { RowValues } from '../../points.ts';
import type { Steps } from '../../steps.ts';
import type { Node } from '../../tree.ts';
import { layoutOf, type Moments, rowsOfMoments, shiftsOf } from '../moments.ts';
import type { Shard } from '../shard.ts';

const TILE = 4;
/** A responsibility below this share moves no sum in float64. */
const NEGLIGIBLE = 1e-20;

export class PlainMoments implements Moments {
  readonly #shard: Shard;
  #labels = new Uint32Array(0);
  #values = new Float64Array(0);

  constructor(shard: Shard) {
    this.#shard = shard;
  }

  *accumulate(gaussians: Gaussians, temperature: number): Steps<readonly Node[]> {
    const layout = layoutOf(gaussians);
    const tile = new Tile(gaussians);
    this.#labels = new Uint32Array(this.#shard.n);
    this.#values = new Float64Array(this.#shard.n);
    let moments = new Float64Array(layout.length);
    const add = (start: number, end: number) => {
      const { rows, weights } = this.#shard;
      const counts = moments.subarray(0, layout.sums);
      const sums = moments.subarray(layout.sums, layout.squares);
      const squares = moments.subarray(layout.squares, layout.logLikelihood);
      for (let from = start; from < end; from += TILE) {
        const count = Math.min(TILE, end - from);
        tile.whiten(rows, from, count);
        for (let p = 0; p < count; p++) {
          const weight = weights === null ? 1 : weights[from + p];
          const value = tile.respond(p, temperature, weight);
          this.#labels[from + p] = tile.label;
          this.#values[from + p] = value;
          moments[layout.logLikelihood] += weight * value;
        }
        tile.tally(counts, sums, squares, count);
      }
    };
    const take = () => {
      const taken = moments;
      moments = new Float64Array(layout.length);
      return taken;
    };
    return yield* this.#shard.sumOver(add, take, rowsOfMoments(gaussians));
  }

  // biome-ignore lint/correctness/useYield: a verb like the others
  *labels(): Steps<Uint32Array> {
    return this.#labels.slice();
  }

  // biome-ignore lint/correctness/useYield: a verb like the others
  *values(): Steps<Float64Array> {
    return this.#values.slice();
  }

  *logDensities(gaussians: Gaussians, start: number, end: number): Steps<Float32Array> {
    const { k } = gaussians;
    const densities = new Float32Array((end - start) * k);
    const tile = new Tile(gaussians);
    const pause = rowsOfMoments(gaussians);
    for (let from = start; from < end; from += pause) {
      const { rows } = this.#shard;
      const until = Math.min(end, from + pause);
      for (let i = from; i < until; i += TILE) {
        const count = Math.min(TILE, until - i);
        tile.whiten(rows, i, count);
        for (let p = 0; p < count; p++) {
          const best = tile.best(p);
          for (let c = 0; c < k; c++) densities[(i + p - start) * k + c] = tile.logs[c * TILE + p] - best;
        }
      }
      yield;
    }
    return densities;
  }

  free(): void {}
}

/** Four rows against all components; what is there four times lies side by side. */
class Tile {
  readonly #gaussians: Gaussians;
  /** x − m [d, 4], of the component in hand. */
  readonly #differences: Float64Array;
  /** Where components share U: (m − m₀)·U of each [k, d], and (x − m₀)·U of the rows [d, 4]. */
  readonly #shifts: Float64Array;
  readonly #common: Float64Array;
  /** y = (x − m)·U: [k, d, 4]. */
  readonly #whitened: Float64Array;
  /** Weighted responsibilities [k, 4]. */
  readonly #responsibilities: Float64Array;
  /** log π·p: [k, 4]. */
  readonly logs: Float64Array;
  /** The component of the largest of them, for the row that `best` saw last. */
  label = 0;

  constructor(gaussians: Gaussians) {
    const { k, d } = gaussians;
    this.#gaussians = gaussians;
    this.#differences = new Float64Array(d * TILE);
    this.#shifts = gaussians.shape === 'shared' ? shiftsOf(gaussians) : new Float64Array(0);
    this.#common = new Float64Array(d * TILE);
    this.#whitened = new Float64Array(k * d * TILE);
    this.#responsibilities = new Float64Array(k * TILE);
    this.logs = new Float64Array(k * TILE);
  }

  /** Takes up to four rows; the last stands in for those that are missing. */
  whiten(rows: RowValues, start: number, count: number): void {
    const { k, d, shape, means, factors, sharpness, offsets } = this.#gaussians;
    const last = (start + count - 1) * d;
    const x0 = start * d;
    const x1 = Math.min(last, x0 + d);
    const x2 = Math.min(last, x1 + d);
    const x3 = Math.min(last, x2 + d);
    const differences = this.#differences;
    if (shape === 'shared') {
      subtract(rows, x0, x1, x2, x3, means, 0, d, differences);
      timesUpper(differences, factors, 0, this.#common, 0, d);
    }
    for (let c = 0; c < k; c++) {
      const to = c * d * TILE;
      if (shape === 'shared') {
        shiftRows(this.#common, this.#shifts, c * d, this.#whitened, to, d);
      } else {
        subtract(rows, x0, x1, x2, x3, means, c * d, d, differences);
        if (shape === 'axes') scaleRows(differences, factors, c * d, this.#whitened, to, d);
        else timesUpper(differences, factors, c * d * d, this.#whitened, to, d);
      }
      squareRows(this.#whitened, to, d, sharpness[c] / 2, offsets[c], this.logs, c * TILE);
    }
  }

  /** The largest of the logarithms of row p of the tile; `label` is its component, the lowest index of equals. */
  best(p: number): number {
    const { logs } = this;
    let best = -Infinity;
    this.label = 0;
    for (let at = p; at < logs.length; at += TILE) {
      if (logs[at] > best) {
        best = logs[at];
        this.label = (at - p) / TILE;
      }
    }
    return best;
  }

  /** Weighted responsibilities of row p of the tile; returns T·log Σ (π·p)^(1/T). */
  respond(p: number, temperature: number, weight: number): number {
    const { logs } = this;
    const responsibilities = this.#responsibilities;
    const best = this.best(p);
    if (temperature === 0) {
      for (let at = p; at < logs.length; at += TILE) responsibilities[at] = 0;
      responsibilities[this.label * TILE + p] = weight;
      return best;
    }
    let sum = 0;
    for (let at = p; at < logs.length; at += TILE) {
      responsibilities[at] = Math.exp((logs[at] - best) / temperature);
      sum += responsibilities[at];
    }
    for (let at = p; at < logs.length; at += TILE) responsibilities[at] *= weight / sum;
    return best + temperature * Math.log(sum);
  }

  /** Adds what the first `count` rows weigh to the moments; of squares the upper triangle. */
  tally(counts: Float64Array, sums: Float64Array, squares: Float64Array, count: number): void {
    const { k, d, shape } = this.#gaussians;
    const responsibilities = this.#responsibilities;
    for (let c = 0; c < k; c++) {
      const at = c * TILE;
      for (let p = count; p < TILE; p++) responsibilities[at + p] = 0;
      const r0 = responsibilities[at];
      const r1 = responsibilities[at + 1];
      const r2 = responsibilities[at + 2];
      const r3 = responsibilities[at + 3];
      const all = r0 + r1 + r2 + r3;
      counts[c] += all;
      if (all < NEGLIGIBLE * counts[c]) continue;
      if (shape === 'axes') addSquares(this.#whitened, at * d, d, r0, r1, r2, r3, sums, squares, c * d);
      else
        addProducts(
          this.#whitened,
          at * d,
          d,
          r0,
          r1,
          r2,
          r3,
          sums,
          c * d,
          squares,
          shape === 'own' ? (c * d * (d + 1)) / 2 : 0,
        );
    }
  }
}

/** x − m of four rows, side by side. */
function subtract(
  rows: RowValues,
  x0: number,
  x1: number,
  x2: number,
  x3: number,
  means: Float64Array,
  fromMeans: number,
  d: number,
  differences: Float64Array,
): void {
  for (let j = 0, at = 0; j < d; j++, at += TILE) {
    const mean = means[fromMeans + j];
    differences[at] = rows[x0 + j] - mean;
    differences[at + 1] = rows[x1 + j] - mean;
    differences[at + 2] = rows[x2 + j] - mean;
    differences[at + 3] = rows[x3 + j] - mean;
  }
}

/** y = z − s of four rows. */
function shiftRows(z: Float64Array, s: Float64Array, fromS: number, y: Float64Array, fromY: number, d: number): void {
  for (let j = 0, at = 0; j < d; j++, at += TILE) {
    const shift = s[fromS + j];
    y[fromY + at] = z[at] - shift;
    y[fromY + at + 1] = z[at + 1] - shift;
    y[fromY + at + 2] = z[at + 2] - shift;
    y[fromY + at + 3] = z[at + 3] - shift;
  }
}

/** y_j = (x_j − m_j)·u_j of four rows. */
function scaleRows(x: Float64Array, u: Float64Array, fromU: number, y: Float64Array, fromY: number, d: number): void {
  for (let j = 0, at = 0; j < d; j++, at += TILE) {
    const factor = u[fromU + j];
    y[fromY + at] = x[at] * factor;
    y[fromY + at + 1] = x[at + 1] * factor;
    y[fromY + at + 2] = x[at + 2] * factor;
    y[fromY + at + 3] = x[at + 3] * factor;
  }
}

/** y = x·U of four rows, U upper triangular: two columns of it at a time, so that six loads serve eight products. */
function timesUpper(x: Float64Array, u: Float64Array, fromU: number, y: Float64Array, fromY: number, d: number): void {
  for (let j = 0; j < d; j += 2) {
    // The last column of an odd number is its own neighbour.
    const next = j + 1 < d ? 1 : 0;
    let a0 = 0;
    let a1 = 0;
    let a2 = 0;
    let a3 = 0;
    let b0 = 0;
    let b1 = 0;
    let b2 = 0;
    let b3 = 0;
    const end = TILE * (j + next + 1);
    for (let at = 0, element = fromU + j; at < end; at += TILE, element += d) {
      const a = u[element];
      const b = u[element + next];
      const x0 = x[at];
      const x1 = x[at + 1];
      const x2 = x[at + 2];
      const x3 = x[at + 3];
      a0 += x0 * a;
      a1 += x1 * a;
      a2 += x2 * a;
      a3 += x3 * a;
      b0 += x0 * b;
      b1 += x1 * b;
      b2 += x2 * b;
      b3 += x3 * b;
    }
    const toA = fromY + TILE * j;
    const toB = toA + TILE * next;
    y[toB] = b0;
    y[toB + 1] = b1;
    y[toB + 2] = b2;
    y[toB + 3] = b3;
    y[toA] = a0;
    y[toA + 1] = a1;
    y[toA + 2] = a2;
    y[toA + 3] = a3;
  }
}

/** offset − half·‖y‖² of four rows; even features and odd ones apart, as in the squared distances of k-means. */
function squareRows(
  y: Float64Array,
  fromY: number,
  d: number,
  half: number,
  offset: number,
  logs: Float64Array,
  fromLogs: number,
): void {
  const pairs = fromY + TILE * (d - (d % 2));
  for (let row = 0; row < TILE; row++) {
    let even = 0;
    let odd = 0;
    let at = fromY + row;
    for (; at < pairs; at += 2 * TILE) {
      even += y[at] * y[at];
      odd += y[at + TILE] * y[at + TILE];
    }
    if (d % 2 === 1) even += y[at] * y[at];
    logs[fromLogs + row] = offset - half * (even + odd);
  }
}

function addSquares(
  y: Float64Array,
  fromY: number,
  d: number,
  r0: number,
  r1: number,
  r2: number,
  r3: number,
  sums: Float64Array,
  squares: Float64Array,
  to: number,
): void {
  for (let j = 0, at = fromY; j < d; j++, at += TILE) {
    const t0 = r0 * y[at];
    const t1 = r1 * y[at + 1];
    const t2 = r2 * y[at + 2];
    const t3 = r3 * y[at + 3];
    sums[to + j] += t0 + t1 + t2 + t3;
    squares[to + j] += t0 * y[at] + t1 * y[at + 1] + t2 * y[at + 2] + t3 * y[at + 3];
  }
}

/** The upper triangle of Σ r·yᵀy of four rows, two of its rows at a time: four loads serve eight products. */
function addProducts(
  y: Float64Array,
  fromY: number,
  d: number,
  r0: number,
  r1: number,
  r2: number,
  r3: number,
  sums: Float64Array,
  toSums: number,
  squares: Float64Array,
  toSquares: number,
): void {
  const end = fromY + TILE * d;
  for (let i = 0, at = fromY; i < d; i += 2, at += 2 * TILE) {
    const a0 = r0 * y[at];
    const a1 = r1 * y[at + 1];
    const a2 = r2 * y[at + 2];
    const a3 = r3 * y[at + 3];
    // Row i of the triangle, whose first entry is in column i.
    const toA = toSquares + i * d - (i * (i + 1)) / 2;
    sums[toSums + i] += a0 + a1 + a2 + a3;
    squares[toA + i] += a0 * y[at] + a1 * y[at + 1] + a2 * y[at + 2] + a3 * y[at + 3];
    if (i + 1 === d) return;
    const b0 = r0 * y[at + 4];
    const b1 = r1 * y[at + 5];
    const b2 = r2 * y[at + 6];
    const b3 = r3 * y[at + 7];
    const toB = toA + d - i - 1;
    sums[toSums + i + 1] += b0 + b1 + b2 + b3;
    for (let other = at + TILE, j = i + 1; other < end; other += TILE, j++) {
      const y0 = y[other];
      const y1 = y[other + 1];
      const y2 = y[other + 2];
      const y3 = y[other + 3];
      squares[toA + j] += a0 * y0 + a1 * y1 + a2 * y2 + a3 * y3;
      squares[toB + j] += b0 * y0 + b1 * y1 + b2 * y2 + b3 * y3;
    }
  }
}
