/** How Gaussians and their moments lie in the buffers of the kernels of shaders/mixture. No adapter is needed here. */
import type { Gaussians, GaussiansShape } from '../engine/gaussians.ts';
import type { MixtureStatistics } from '../engine/statistics.ts';
import { LARGEST_EXACT } from './plan.ts';

/** Offset of a component that has no weight or does not exist; far below any that does, and finite in float32. */
const NO_WEIGHT = -3e37;

export interface MixtureLayout {
  readonly k: number;
  readonly modelFloats: number;
  /** Floats of a slice's statistics. */
  readonly cells: number;
  pack(gaussians: Gaussians): Packed;
}

export interface Packed {
  /** The buffer of the parameters. */
  readonly values: Float32Array<ArrayBuffer>;
  /** The parameters as float32 leaves them. */
  readonly used: Gaussians;
  /** What is to be added to all logarithms. */
  readonly offset: number;
  /** The statistics about these parameters, from what kernels summed up. */
  unpack(cells: Float32Array, scale: number): UnpackedStatistics;
}

export interface UnpackedStatistics extends Omit<MixtureStatistics, 'used'> {
  /** How many rows are not in the statistics, because they are too far for float32; about, beyond 2²⁴. */
  readonly far: number;
  /** How many have another label than they had; about, beyond 2²⁴. */
  readonly moved: number;
}

export function layoutOf(k: number, d: number, shape: GaussiansShape): MixtureLayout {
  return shape === 'axes' ? axesLayout(k, d) : matricesLayout(k, d, shape === 'shared');
}

/** Nothing on the device is larger: what overflows there may be anything. */
const LARGEST = 2 ** 126;
/** Factors are not smaller, nor are sharpnesses than its square: a deviation is not larger than the points reach. */
const SMALLEST = 2 ** -60;

/** No value of a row is beyond this: LARGEST of framed.wgsl. */
const LARGEST_VALUE = 2 ** 48;
/** With factors up to this no y is beyond LARGEST_Y of the kernels, 2⁶⁰. */
const LARGEST_BOUNDED = 2 ** 10;

function toFloat32(value: number): number {
  return Math.fround(Math.max(-LARGEST, Math.min(LARGEST, value)));
}

function positiveFloat32(value: number): number {
  return toFloat32(Math.max(SMALLEST, value));
}

/** m = high + low: two float32 numbers, or a multiple of a power of two and what it lacks. */
function splitMean(mean: number, unit?: number): { high: number; low: number } {
  const bounded = Math.max(-LARGEST, Math.min(LARGEST, mean));
  if (unit === undefined) {
    const high = Math.fround(bounded);
    return { high, low: Math.fround(bounded - high) };
  }
  // Multiples that have too many bits for a float32 are rounded to one that has not.
  const high = Math.fround(Math.round(bounded / unit) * unit);
  return { high, low: bounded - high };
}

/** Offsets less the largest, so that what is small stays exact. */
function relativeOffsets({ k, offsets }: Gaussians): { offset: number; of: (c: number) => number } {
  const offset = offsets.reduce((a, b) => Math.max(a, b));
  return { offset, of: (c) => (c < k && offsets[c] > -Infinity ? offsets[c] - offset : NO_WEIGHT) };
}

/** Means that moments are about, and the powers of two that they are scaled by, are not larger: those of axes-moments.wgsl. */
const LARGEST_ORIGIN = 2 ** 50;
const LARGEST_SCALE = 2 ** 60;

/** See axes.wgsl and axes-moments.wgsl. */
function axesLayout(k: number, d: number): MixtureLayout {
  const fours = Math.ceil(k / 4);
  const stride = 4 * (3 * d + 2);
  const slot = 4 * (2 * d + 1);
  return {
    k,
    modelFloats: 4 + fours * stride,
    cells: fours * slot + 4,
    pack(gaussians) {
      const values = new Float32Array(4 + fours * stride);
      const means = new Float64Array(k * d);
      const factors = gaussians.factors.map(positiveFloat32);
      const sharpness = gaussians.sharpness.map((value) => toFloat32(Math.max(SMALLEST ** 2, value)));
      const { offset, of } = relativeOffsets(gaussians);
      const bounded =
        factors.every((factor) => factor <= LARGEST_BOUNDED) &&
        gaussians.means.every((mean) => Math.abs(mean) <= LARGEST_VALUE);
      values[0] = bounded ? 1 : 0;
      for (let c = 0; c < 4 * fours; c++) {
        const base = 4 + Math.floor(c / 4) * stride + (c % 4);
        values[base] = of(c);
        if (c >= k) continue;
        values[base + 4] = -sharpness[c] / 2;
        for (let j = 0; j < d; j++) {
          const { high, low } = splitMean(gaussians.means[c * d + j]);
          const factor = factors[c * d + j];
          values[base + 8 + 12 * j] = high;
          values[base + 12 + 12 * j] = factor;
          values[base + 16 + 12 * j] = toFloat32(-low * factor);
          means[c * d + j] = high + low;
        }
      }
      return {
        values,
        used: { ...gaussians, means, factors, sharpness },
        offset,
        unpack: unpackAbout(values, means, factors),
      };
    },
  };

  /** From sums of w·r·t and w·r·t², t = (x − origin)·scale, those of y = (x − m)·u. */
  function unpackAbout(model: Float32Array, means: Float64Array, factors: Float64Array): Packed['unpack'] {
    return (cells, scale) => {
      const scales = scalesOf(factors);
      const counts = new Float64Array(k);
      const sums = new Float64Array(k * d);
      const squares = new Float64Array(k * d);
      for (let c = 0; c < k; c++) {
        const base = Math.floor(c / 4) * slot + (c % 4);
        const high = 12 + Math.floor(c / 4) * stride + (c % 4);
        counts[c] = scale * cells[base];
        for (let j = 0; j < d; j++) {
          const mean = means[c * d + j];
          const factor = factors[c * d + j];
          const unit = factor / scales[c * d + j];
          const sum = scale * unit * cells[base + 4 + 8 * j];
          const origin = Math.max(-LARGEST_ORIGIN, Math.min(LARGEST_ORIGIN, model[high + 12 * j]));
          const shift = (origin - mean) * factor;
          sums[c * d + j] = sum + shift * counts[c];
          squares[c * d + j] = scale * unit ** 2 * cells[base + 8 + 8 * j] + shift * (2 * sum + shift * counts[c]);
        }
      }
      const [value, far, moved] = cells.subarray(fours * slot);
      return { counts, sums, squares, logLikelihood: scale * value, far, moved };
    };
  }
}

/** Of each factor, a normal float32, the power of two at or below it, as the kernel takes it from its bits. */
function scalesOf(factors: Float64Array): Float32Array {
  const scales = new Float32Array(factors.map((factor) => Math.min(factor, LARGEST_SCALE)));
  const bits = new Uint32Array(scales.buffer);
  for (let i = 0; i < bits.length; i++) bits[i] &= 0x7f800000;
  return scales;
}

/** See matrices.wgsl and matrices-moments.wgsl. */
function matricesLayout(k: number, d: number, shared: boolean): MixtureLayout {
  const width = 4 * Math.ceil(d / 4);
  const quads = width / 4;
  const blocks = (quads * (quads + 1)) / 2;
  const matrices = shared ? 1 : k;
  /** Of a component: its offset and step, high, and what is added to y. */
  const component = 4 + 2 * width;
  /** Of a matrix: the units' inverses, U or its coarse part, and the rest of it. */
  const matrixFloats = (1 + (d <= LARGEST_EXACT ? 2 : 1) * d) * width;
  const modelFloats = k * component + matrices * matrixFloats;
  const firstBlock = 4 * k * (1 + quads);
  const cells = firstBlock + 16 * matrices * blocks + 4;
  return {
    k,
    modelFloats,
    cells,
    pack(gaussians) {
      const values = new Float32Array(modelFloats);
      const factors = gaussians.factors.slice();
      const means = gaussians.means.slice();
      const { offset, of } = relativeOffsets(gaussians);
      const exact = Array.from({ length: matrices }, (_, matrix) => {
        const u = factors.subarray(matrix * d * d, (matrix + 1) * d * d);
        const split = cancels(u, d) ? splitFactor(u, d) : null;
        if (split === null)
          u.forEach((value, at) => void (u[at] = at % (d + 1) === 0 ? positiveFloat32(value) : toFloat32(value)));
        const inverses = k * component + matrix * matrixFloats;
        for (let i = 0; i < d; i++) {
          const unit = split?.units[i] ?? 1;
          if (split !== null) values[inverses + i] = 1 / unit;
          const row = inverses + (1 + i) * width;
          for (let j = i; j < d; j++) {
            const coarse = split === null ? u[i * d + j] : split.coarse[i * d + j];
            values[row + j] = coarse * unit;
            if (split !== null) values[row + d * width + j] = (u[i * d + j] - coarse) * unit;
          }
        }
        return split;
      });
      for (let c = 0; c < k; c++) {
        const matrix = shared ? 0 : c;
        const split = exact[matrix];
        const high = c * component + 4;
        const addends = new Float64Array(d);
        for (let i = 0; i < d; i++) {
          const unit = split?.units[i];
          const mean = splitMean(means[c * d + i], unit);
          values[high + i] = mean.high / (unit ?? 1);
          // What low·U is made of in float64 is m to the last digit.
          if (split === null) means[c * d + i] = mean.high + mean.low;
          for (let j = i; j < d; j++) addends[j] -= mean.low * factors[(matrix * d + i) * d + j];
        }
        values.set(addends.map(toFloat32), high + width);
        values[c * component] = of(c);
        if (split !== null) values[c * component + 1] = 2 ** (1 - bitsOf(d));
      }
      return { values, used: { ...gaussians, means, factors }, offset, unpack };
    },
  };

  function unpack(values: Float32Array, scale: number): UnpackedStatistics {
    const counts = new Float64Array(k);
    const sums = new Float64Array(k * d);
    const squares = new Float64Array(matrices * d * d);
    for (let c = 0; c < k; c++) {
      const base = 4 * c * (1 + quads);
      counts[c] = scale * values[base];
      for (let j = 0; j < d; j++) sums[c * d + j] = scale * values[base + 4 + j];
    }
    for (let block = 0; block < matrices * blocks; block++) {
      const [row, column] = cornerOf(block % blocks, quads).map((quad) => 4 * quad);
      const matrix = Math.floor(block / blocks) * d * d;
      for (let i = row; i < Math.min(d, row + 4); i++) {
        for (let j = Math.max(i, column); j < Math.min(d, column + 4); j++) {
          const value = scale * values[firstBlock + 16 * block + 4 * (i - row) + (j - column)];
          squares[matrix + i * d + j] = value;
          squares[matrix + j * d + i] = value;
        }
      }
    }
    const [value, far, moved] = values.subarray(cells - 4);
    return { counts, sums, squares, logLikelihood: scale * value, far, moved };
  }
}

/** `corner_of` of matrices-moments.wgsl. */
function cornerOf(block: number, width: number): [row: number, column: number] {
  const row = Math.floor(block / (width + 1));
  const place = block % (width + 1);
  const length = width - row;
  return place < length ? [row, row + place] : [width - 1 - row, width - 1 - row + place - length];
}

/** A sum of y whose terms are larger than it by more than this loses digits that the bound on log p needs. */
const CANCELLATION = 4;

/** Whether the terms of some y = Σ (x − m)·U are larger than y, root mean square: √(Σᵢ Σᵢᵢ·Uᵢⱼ²), where y has 1. */
function cancels(u: Float64Array, d: number): boolean {
  if (d === 1 || d > LARGEST_EXACT) return false;
  const variances = variancesOf(u, d);
  for (let j = 0; j < d; j++) {
    let terms = 0;
    for (let i = 0; i <= j; i++) terms += variances[i] * u[i * d + j] ** 2;
    if (terms > CANCELLATION ** 2) return true;
  }
  return false;
}

/** The diagonal of the covariance (U·Uᵀ)⁻¹: the squared lengths of the columns of U⁻¹. */
function variancesOf(u: Float64Array, d: number): Float64Array {
  const column = new Float64Array(d);
  return Float64Array.from({ length: d }, (_, j) => {
    let squares = 0;
    for (let i = j; i >= 0; i--) {
      let sum = i === j ? 1 : 0;
      for (let l = i + 1; l <= j; l++) sum -= u[i * d + l] * column[l];
      column[i] = sum / u[i * d + i];
      squares += column[i] ** 2;
    }
    return squares;
  });
}

/** Bits of a coarse part: d products of two of them add up to 24. */
function bitsOf(d: number): number {
  return Math.floor((24 - Math.ceil(Math.log2(d))) / 2);
}

/**
 * Coarse parts of U, and the units of the features: powers of two by which (x − m)·U has terms of about 1. Null where
 * they are beyond what is safe in float32.
 */
function splitFactor(u: Float64Array, d: number): { coarse: Float64Array; units: Float64Array } | null {
  const units = Float64Array.from({ length: d }, (_, i) => {
    let largest = 0;
    for (let j = i; j < d; j++) largest = Math.max(largest, Math.abs(u[i * d + j]));
    return 2 ** -Math.ceil(Math.log2(largest));
  });
  if (!units.every((unit) => unit >= SMALLEST && unit <= 1 / SMALLEST)) return null;
  const coarse = new Float64Array(d * d);
  for (let j = 0; j < d; j++) {
    let largest = 0;
    for (let i = 0; i <= j; i++) largest = Math.max(largest, Math.abs(u[i * d + j]) * units[i]);
    const step = 2 ** (Math.ceil(Math.log2(largest)) - bitsOf(d));
    for (let i = 0; i <= j; i++) coarse[i * d + j] = Math.round((u[i * d + j] * units[i]) / step) * (step / units[i]);
  }
  return { coarse, units };
}
