import type { Gaussians } from '../../engine/gaussians.ts';
import type { Steps } from '../../steps.ts';
import type { Node } from '../../tree.ts';
import {
  AXES,
  BLOCK,
  BLOCK_ROWS,
  BLOCK_WEIGHTS,
  COUNTS,
  D,
  DIFFERENCES,
  FACTORS,
  GROUP,
  K,
  LABELS,
  LIKELIHOOD,
  LOGS,
  MEANS,
  OFFSETS,
  OWN,
  PAIRS,
  PLAIN,
  POOLED,
  ROOTS,
  ROWS,
  SCALED,
  SHAPE,
  SHARED,
  SQUARES,
  STATE_BYTES,
  SUMS,
  sizeOfColumns,
  TEMPERATURE,
  VALUES,
  WEIGHTS,
  WHITENED,
  widthOf,
} from '../kernels/mixture/layout.ts';
import { isPooled, layoutOf, type Moments, rowsOfMoments, shiftsOf } from '../moments.ts';
import type { Shard } from '../shard.ts';
import type { MixtureKernels } from './kernels.ts';

/**
 * Rows of a group. With 16 components of 64 features and 50,000 rows an iteration took 280 ms, where groups were of 8 rows
 * 304, of 16 rows 289, and of 64 rows 279.
 */
const MOST_IN_GROUP = 32;
/** Multiply-adds of a group, where that many rows are more: about a millisecond. */
const WORK_OF_GROUP = 2 ** 23;

export class SimdMoments implements Moments {
  readonly #shard: Shard;
  readonly #kernels: MixtureKernels;
  /** Byte offset of the state. */
  readonly #state: number;
  /** Byte offsets of all else: for the k and the shape that the first call has, like all others. */
  readonly #allocated: number[] = [];
  /** Byte offsets of labels and values, 0 before the first E-step. */
  #labels = 0;
  #values = 0;

  constructor(shard: Shard, kernels: MixtureKernels) {
    this.#shard = shard;
    this.#kernels = kernels;
    this.#state = shard.memory.allocate(STATE_BYTES);
  }

  *accumulate(gaussians: Gaussians, temperature: number): Steps<readonly Node[]> {
    const { memory, n } = this.#shard;
    this.#place(gaussians);
    if (this.#labels === 0) {
      this.#labels = memory.allocate(4 * (n + BLOCK));
      this.#values = memory.allocate(8 * (n + BLOCK));
    }
    this.#set(LABELS, this.#labels);
    this.#set(VALUES, this.#values);
    memory.f64[(this.#state + TEMPERATURE) / 8] = temperature;
    this.#clear(gaussians);
    yield;
    const add = (start: number, end: number) => this.#kernels.accumulateMixture(this.#state, start, end);
    return yield* this.#shard.sumOver(add, () => this.#take(gaussians), rowsOf(gaussians));
  }

  // biome-ignore lint/correctness/useYield: a verb like the others
  *labels(): Steps<Uint32Array> {
    const { memory, n } = this.#shard;
    return memory.u32.slice(this.#labels / 4, this.#labels / 4 + n);
  }

  // biome-ignore lint/correctness/useYield: a verb like the others
  *values(): Steps<Float64Array> {
    const { memory, n } = this.#shard;
    return memory.f64.slice(this.#values / 8, this.#values / 8 + n);
  }

  *logDensities(gaussians: Gaussians, start: number, end: number): Steps<Float32Array> {
    const { memory } = this.#shard;
    const { k } = gaussians;
    const densities = new Float32Array((end - start) * k);
    const pause = rowsOf(gaussians);
    this.#place(gaussians);
    const to = memory.allocate(4 * pause * k);
    try {
      for (let from = start; from < end; from += pause) {
        const until = Math.min(end, from + pause);
        this.#kernels.mixtureDensities(this.#state, from, until, to);
        densities.set(memory.f32.subarray(to / 4, to / 4 + (until - from) * k), (from - start) * k);
        yield;
      }
    } finally {
      memory.free(to);
    }
    return densities;
  }

  free(): void {
    for (const offset of [...this.#allocated, this.#labels, this.#values, this.#state]) this.#shard.memory.free(offset);
  }

  /** The parameters, in the forms that the kernel wants, with room for what it computes of them. */
  #place(gaussians: Gaussians): void {
    const { k, d, shape } = gaussians;
    if (this.#get(K) === 0) this.#allocateFor(gaussians);
    this.#set(SHAPE, shapeOf(gaussians));
    const { f64 } = this.#shard.memory;
    const [means, factors, offsets] = [this.#get(MEANS) / 8, this.#get(FACTORS) / 8, this.#get(OFFSETS) / 8];
    for (let c = 0; c < k; c++) {
      f64[offsets + 2 * c] = gaussians.offsets[c];
      f64[offsets + 2 * c + 1] = gaussians.sharpness[c] / 2;
    }
    if (shape === 'axes') {
      interleave(gaussians.means, f64, means);
      interleave(gaussians.factors, f64, means + 1);
      return;
    }
    for (let at = 0, to = factors; at < gaussians.factors.length; at += d * d) {
      to = pairColumns(gaussians.factors, at, d, f64, to);
    }
    const width = widthOf(d) / 8;
    const rows = (values: Float64Array, to: number) => {
      for (let at = 0; at < values.length; at += d, to += width) f64.set(values.subarray(at, at + d), to);
    };
    if (shape === 'own') {
      rows(gaussians.means, means);
      return;
    }
    const shifts = shiftsOf(gaussians);
    f64.set(gaussians.means.subarray(0, d), means);
    if (isPooled(gaussians)) pairRows(shifts, d, f64, means + width);
    else rows(shifts, means + width);
    interleave(shifts, f64, means + (1 + k) * width);
  }

  #allocateFor(gaussians: Gaussians): void {
    const { k, d, shape } = gaussians;
    const width = widthOf(d) / 8;
    const matrices = { own: k, shared: 1, axes: 0 }[shape];
    const shifts = shape === 'shared' ? 2 * k * d : 0;
    const group = groupOf(gaussians);
    this.#set(GROUP, group);
    this.#set(ROWS, this.#shard.rowsAt);
    this.#set(WEIGHTS, this.#shard.weightsAt);
    // One more, of an odd number.
    this.#set(BLOCK_ROWS, this.#allocate(group * (d + 1)));
    this.#set(DIFFERENCES, this.#allocate(BLOCK * d));
    this.#set(WHITENED, this.#allocate(matrices * group * width));
    this.#set(LOGS, this.#allocate(group * k));
    this.#set(ROOTS, this.#allocate(group));
    this.#set(MEANS, this.#allocate(shape === 'axes' ? 2 * k * d : (k + 1) * width + shifts));
    this.#set(FACTORS, this.#allocate((matrices * sizeOfColumns(d)) / 8));
    this.#set(OFFSETS, this.#allocate(2 * k));
    this.#set(BLOCK_WEIGHTS, this.#allocate(group));
    this.#set(SCALED, this.#allocate(group * width));
    const sums = sumsOf(gaussians);
    let at = this.#allocate(sums.reduce((total, [, length]) => total + length, 0));
    for (const [field, length] of sums) {
      this.#set(field, at);
      at += 8 * length;
    }
    this.#set(D, d);
    // Last, for it says that there was room for all of this.
    this.#set(K, k);
  }

  /** Byte offset of so many float64. */
  #allocate(values: number): number {
    const offset = this.#shard.memory.allocate(8 * values);
    this.#allocated.push(offset);
    return offset;
  }

  /** What was summed since the last call, in the layout of all engines. */
  #take(gaussians: Gaussians): Float64Array {
    const { k, d, shape } = gaussians;
    const { f64 } = this.#shard.memory;
    const layout = layoutOf(gaussians);
    const taken = new Float64Array(layout.length);
    const [sums, squares] = [this.#get(SUMS) / 8, this.#get(SQUARES) / 8];
    addLanes(f64, this.#get(COUNTS) / 8, taken.subarray(0, k));
    addLanes(f64, this.#get(LIKELIHOOD) / 8, taken.subarray(layout.logLikelihood, layout.pairs));
    addLanes(f64, this.#get(PAIRS) / 8, taken.subarray(layout.pairs));
    if (shape === 'axes') takeAxes(f64, sums, gaussians.factors, taken.subarray(layout.sums, layout.logLikelihood));
    else {
      const sumsTaken = taken.subarray(layout.sums, layout.squares);
      if (isPooled(gaussians)) addLanes(f64, sums, sumsTaken);
      else takeRows(f64, sums, d, sumsTaken);
      takeTriangles(f64, squares, d, taken.subarray(layout.squares, layout.logLikelihood));
    }
    this.#clear(gaussians);
    return taken;
  }

  #clear(gaussians: Gaussians): void {
    const from = this.#get(COUNTS) / 8;
    const length = sumsOf(gaussians).reduce((total, [, length]) => total + length, 0);
    this.#shard.memory.f64.fill(0, from, from + length);
  }

  #get(field: number): number {
    return this.#shard.memory.u32[(this.#state + field) / 4];
  }

  #set(field: number, value: number): void {
    this.#shard.memory.u32[(this.#state + field) / 4] = value;
  }
}

/** Whole groups. */
function rowsOf(gaussians: Gaussians): number {
  return Math.max(groupOf(gaussians), rowsOfMoments(gaussians));
}

/** Rows that each component with a U of its own takes before the next one: a power of two. */
function groupOf({ k, d, shape }: Gaussians): number {
  if (shape !== 'own') return BLOCK;
  return Math.max(BLOCK, Math.min(MOST_IN_GROUP, 2 ** Math.floor(Math.log2(WORK_OF_GROUP / (k * d * d)))));
}

function shapeOf(gaussians: Gaussians): number {
  if (gaussians.shape === 'own') return OWN;
  if (gaussians.shape === 'shared') return isPooled(gaussians) ? POOLED : SHARED;
  return gaussians.factors.every((factor) => factor === 1) ? PLAIN : AXES;
}

/** What the kernel sums, behind one another, and how many float64 each is. */
function sumsOf(gaussians: Gaussians): readonly (readonly [field: number, length: number])[] {
  const { k, d, shape } = gaussians;
  const width = widthOf(d) / 8;
  const pooled = isPooled(gaussians);
  return [
    [COUNTS, 2 * k],
    [LIKELIHOOD, 2],
    [SUMS, shape === 'axes' ? 4 * k * d : pooled ? 2 * k * d : k * width],
    [SQUARES, { own: k, shared: 1, axes: 0 }[shape] * width * width],
    [PAIRS, pooled ? k * (k - 1) : 0],
  ];
}

/** Writes values at every other place. */
function interleave(values: Float64Array, f64: Float64Array, to: number): void {
  for (let i = 0; i < values.length; i++) f64[to + 2 * i] = values[i];
}

/** Writes U [d, d] as pairs of columns down to the diagonal; an odd last one goes with zeros. Returns where that ends. */
function pairColumns(u: Float64Array, from: number, d: number, f64: Float64Array, to: number): number {
  for (let j = 0; j < d; j += 2) {
    for (let i = 0; i < Math.min(j + 2, d); i++) {
      f64[to++] = u[from + i * d + j];
      f64[to++] = j + 1 < d ? u[from + i * d + j + 1] : 0;
    }
  }
  return to;
}

/** Writes rows [k, d] as pairs of columns, [⌈d / 4⌉·2, k, 2], with zeros behind the last. */
function pairRows(rows: Float64Array, d: number, f64: Float64Array, to: number): void {
  const size = (2 * rows.length) / d;
  for (let i = 0; i < rows.length; i++) {
    const [c, j] = [Math.floor(i / d), i % d];
    f64[to + (j >> 1) * size + 2 * c + (j & 1)] = rows[i];
  }
}

/** Two lanes of each sum. */
function addLanes(f64: Float64Array, from: number, to: Float64Array): void {
  for (let i = 0; i < to.length; i++) to[i] = f64[from + 2 * i] + f64[from + 2 * i + 1];
}

/** Sums and squares of x − m, each [2 lanes] of [k, d, 2], as those of (x − m)·u: first all sums, then all squares. */
function takeAxes(f64: Float64Array, from: number, factors: Float64Array, to: Float64Array): void {
  factors.forEach((factor, i) => {
    const at = from + 4 * i;
    to[i] = (f64[at] + f64[at + 1]) * factor;
    to[factors.length + i] = (f64[at + 2] + f64[at + 3]) * factor * factor;
  });
}

/** Rows [d] without their padding. */
function takeRows(f64: Float64Array, from: number, d: number, to: Float64Array): void {
  for (let at = 0; at < to.length; at += d, from += widthOf(d) / 8) to.set(f64.subarray(from, from + d), at);
}

/** Upper triangles of matrices whose rows are padded, and the rows' number too. */
function takeTriangles(f64: Float64Array, from: number, d: number, to: Float64Array): void {
  const width = widthOf(d) / 8;
  for (let at = 0; at < to.length; from += width * width) {
    for (let i = 0; i < d; at += d - i, i++) {
      to.set(f64.subarray(from + i * width + i, from + i * width + d), at);
    }
  }
}
