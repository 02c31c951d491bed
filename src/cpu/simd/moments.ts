import type { Gaussians } from '../../gaussians.ts';
import type { Steps } from '../../steps.ts';
import { layoutOf, type Moments, rowsOfMoments, shiftsOf } from '../moments.ts';
import type { Shard } from '../shard.ts';
import type { Node } from '../tree.ts';

/** The state of kernels/mixture.ts, in its order, four bytes each; the temperature behind them takes eight. */
const FIELDS = [
  'rows',
  'weights',
  'labels',
  'values',
  'd',
  'k',
  'shape',
  'block',
  'differences',
  'whitened',
  'logs',
  'means',
  'factors',
  'offsets',
  'blockWeights',
  'scaled',
  'counts',
  'sums',
  'squares',
  'likelihood',
] as const;

type Field = (typeof FIELDS)[number];

const AXES = 0;
const PLAIN = 1;
const OWN = 2;
const SHARED = 3;

/** Rows of a block. */
const BLOCK = 8;

export class SimdMoments implements Moments {
  readonly #shard: Shard;
  /** Byte offset of the state. */
  readonly #state: number;
  /** Byte offsets of all else: for the k and the shape that the first call has, like all others. */
  readonly #allocated: number[] = [];
  /** Byte offsets of labels and values, 0 before the first E-step. */
  #labels = 0;
  #values = 0;

  constructor(shard: Shard) {
    this.#shard = shard;
    this.#state = shard.memory.allocate(4 * FIELDS.length + 8);
  }

  *accumulate(gaussians: Gaussians, temperature: number): Steps<readonly Node[]> {
    const { kernels, memory, n } = this.#shard;
    this.#place(gaussians);
    if (this.#labels === 0) {
      this.#labels = memory.allocate(4 * (n + BLOCK));
      this.#values = memory.allocate(8 * (n + BLOCK));
    }
    this.#set('labels', this.#labels);
    this.#set('values', this.#values);
    memory.f64[this.#state / 8 + FIELDS.length / 2] = temperature;
    this.#clear(gaussians);
    const add = (start: number, end: number) => kernels!.accumulateMixture(this.#state, start, end);
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
    const { kernels, memory } = this.#shard;
    const { k } = gaussians;
    const densities = new Float32Array((end - start) * k);
    const pause = rowsOf(gaussians);
    this.#place(gaussians);
    const to = memory.allocate(4 * pause * k);
    try {
      for (let from = start; from < end; from += pause) {
        const until = Math.min(end, from + pause);
        kernels!.mixtureDensities(this.#state, from, until, to);
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
    if (this.#allocated.length === 0) this.#allocateFor(gaussians);
    this.#set('shape', { axes: isPlain(gaussians) ? PLAIN : AXES, own: OWN, shared: SHARED }[shape]);
    const { f64 } = this.#shard.memory;
    const [means, factors, offsets] = [this.#get('means') / 8, this.#get('factors') / 8, this.#get('offsets') / 8];
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
    const width = widthOf(d);
    const rows = (values: Float64Array, to: number) => {
      for (let at = 0; at < values.length; at += d, to += width) f64.set(values.subarray(at, at + d), to);
    };
    if (shape === 'own') {
      rows(gaussians.means, means);
      return;
    }
    const shifts = shiftsOf(gaussians);
    f64.set(gaussians.means.subarray(0, d), means);
    rows(shifts, means + width);
    interleave(shifts, f64, means + (1 + k) * width);
  }

  #allocateFor({ k, d, shape }: Gaussians): void {
    const { rowsAt, weightsAt } = this.#shard;
    const width = widthOf(d);
    const offsets: Partial<Record<Field, number>> = {
      rows: rowsAt,
      weights: weightsAt,
      d,
      k,
      block: this.#allocate(BLOCK * (d + 1)),
      logs: this.#allocate(BLOCK * k),
      offsets: this.#allocate(2 * k),
      blockWeights: this.#allocate(BLOCK),
      counts: this.#allocate(2 * k),
      likelihood: this.#allocate(2),
    };
    if (shape === 'axes') {
      offsets.means = this.#allocate(2 * k * d);
      offsets.sums = this.#allocate(4 * k * d);
    } else {
      const matrices = shape === 'own' ? k : 1;
      offsets.differences = this.#allocate(BLOCK * d);
      offsets.whitened = this.#allocate(matrices * BLOCK * width);
      offsets.means = this.#allocate((k + 1) * width + (shape === 'shared' ? 2 * k * d : 0));
      offsets.factors = this.#allocate(matrices * columnsLength(d));
      offsets.scaled = this.#allocate(BLOCK * width);
      offsets.sums = this.#allocate(k * width);
      offsets.squares = this.#allocate(matrices * width * width);
    }
    for (const [field, value] of Object.entries(offsets)) this.#set(field as Field, value);
  }

  /** Byte offset of so many float64. */
  #allocate(values: number): number {
    const offset = this.#shard.memory.allocate(8 * values);
    this.#allocated.push(offset);
    return offset;
  }

  /** What was summed since the last call, in the layout of all engines. */
  #take(gaussians: Gaussians): Float64Array {
    const { k, d, shape, factors } = gaussians;
    const { f64 } = this.#shard.memory;
    const layout = layoutOf(gaussians);
    const taken = new Float64Array(layout.length);
    const [counts, sums, squares] = [this.#get('counts') / 8, this.#get('sums') / 8, this.#get('squares') / 8];
    for (let c = 0; c < k; c++) taken[c] = f64[counts + 2 * c] + f64[counts + 2 * c + 1];
    taken[layout.logLikelihood] = f64[this.#get('likelihood') / 8] + f64[this.#get('likelihood') / 8 + 1];
    if (shape === 'axes') {
      for (let i = 0, at = sums; i < k * d; i++, at += 4) {
        const factor = factors[i];
        taken[layout.sums + i] = (f64[at] + f64[at + 1]) * factor;
        taken[layout.squares + i] = (f64[at + 2] + f64[at + 3]) * factor * factor;
      }
    } else {
      const width = widthOf(d);
      unpad(f64, sums, d, width, taken.subarray(layout.sums, layout.squares));
      for (let to = layout.squares, from = squares; to < layout.logLikelihood; to += d * d, from += width * width) {
        unpad(f64, from, d, width, taken.subarray(to, to + d * d));
      }
    }
    this.#clear(gaussians);
    return taken;
  }

  #clear({ k, d, shape }: Gaussians): void {
    const { f64 } = this.#shard.memory;
    const width = widthOf(d);
    const clear = (field: Field, values: number) => f64.fill(0, this.#get(field) / 8, this.#get(field) / 8 + values);
    clear('counts', 2 * k);
    clear('sums', shape === 'axes' ? 4 * k * d : k * width);
    if (shape !== 'axes') clear('squares', (shape === 'own' ? k : 1) * width * width);
    clear('likelihood', 2);
  }

  #get(field: Field): number {
    return this.#shard.memory.u32[this.#state / 4 + FIELDS.indexOf(field)];
  }

  #set(field: Field, value: number): void {
    this.#shard.memory.u32[this.#state / 4 + FIELDS.indexOf(field)] = value;
  }
}

/** Whole blocks. */
function rowsOf(gaussians: Gaussians): number {
  return Math.max(BLOCK, rowsOfMoments(gaussians));
}

/** Whether distances are plain ones. */
function isPlain({ factors }: Gaussians): boolean {
  return factors.every((factor) => factor === 1);
}

/** Float64 of a row, padded to four. */
function widthOf(d: number): number {
  return 4 * Math.ceil(d / 4);
}

/** Float64 of the pairs of columns of U. */
function columnsLength(d: number): number {
  const pairs = d >> 1;
  return 2 * (pairs * (pairs + 1) + (d % 2) * d);
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

/** Rows of `width` without their padding. */
function unpad(f64: Float64Array, from: number, d: number, width: number, to: Float64Array): void {
  for (let at = 0; at < to.length; at += d, from += width) to.set(f64.subarray(from, from + d), at);
}
