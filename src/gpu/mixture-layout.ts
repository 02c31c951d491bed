/** How Gaussians and their moments lie in the buffers of the kernels of shaders/mixture. No adapter is needed here. */
import type { Gaussians, GaussiansShape } from '../gaussians.ts';
import type { MixtureStatistics } from '../statistics.ts';

/** Offset of a component that has no weight or does not exist; far below any that does, and finite in float32. */
const NO_WEIGHT = -3e37;

export interface MixtureLayout {
  readonly k: number;
  readonly modelFloats: number;
  /** Floats of a slice's statistics. */
  readonly cells: number;
  /** The buffer of the parameters, the parameters as float32 leaves them, and what is to be added to all logarithms. */
  pack(gaussians: Gaussians): { values: Float32Array<ArrayBuffer>; used: Gaussians; offset: number };
  unpack(cells: Float32Array, scale: number): Omit<MixtureStatistics, 'used'>;
}

export function layoutOf(k: number, d: number, shape: GaussiansShape): MixtureLayout {
  return shape === 'axes' ? axesLayout(k, d) : matricesLayout(k, d, shape === 'shared');
}

/** Nothing on the device is larger: what overflows there may be anything. */
const LARGEST = 2 ** 126;
/** Factors and sharpnesses are not smaller: their squares would vanish beside points of length 1, and they do anyway. */
const SMALLEST = 2 ** -60;

function toFloat32(value: number): number {
  return Math.fround(Math.max(-LARGEST, Math.min(LARGEST, value)));
}

function positiveFloat32(value: number): number {
  return toFloat32(Math.max(SMALLEST, value));
}

/** m = high + low, two float32 numbers. */
function split(mean: number): { high: number; low: number } {
  const high = toFloat32(mean);
  return { high, low: Math.fround(Math.max(-LARGEST, Math.min(LARGEST, mean)) - high) };
}

/** Offsets less the largest, so that what is small stays exact. */
function relativeOffsets({ k, offsets }: Gaussians): { offset: number; of: (c: number) => number } {
  const offset = offsets.reduce((a, b) => Math.max(a, b));
  return { offset, of: (c) => (c < k && offsets[c] > -Infinity ? offsets[c] - offset : NO_WEIGHT) };
}

/** See axes.wgsl and axes-moments.wgsl. */
function axesLayout(k: number, d: number): MixtureLayout {
  const fours = Math.ceil(k / 4);
  const stride = 4 * (3 * d + 2);
  const slot = 4 * (2 * d + 1);
  return {
    k,
    modelFloats: fours * stride,
    cells: fours * slot + 4,
    pack(gaussians) {
      const values = new Float32Array(fours * stride);
      const means = new Float64Array(k * d);
      const factors = gaussians.factors.map(positiveFloat32);
      const sharpness = gaussians.sharpness.map(positiveFloat32);
      const { offset, of } = relativeOffsets(gaussians);
      for (let c = 0; c < 4 * fours; c++) {
        const base = Math.floor(c / 4) * stride + (c % 4);
        values[base] = of(c);
        if (c >= k) continue;
        values[base + 4] = -sharpness[c] / 2;
        for (let j = 0; j < d; j++) {
          const { high, low } = split(gaussians.means[c * d + j]);
          const factor = factors[c * d + j];
          values[base + 8 + 12 * j] = high;
          values[base + 12 + 12 * j] = factor;
          values[base + 16 + 12 * j] = toFloat32(-low * factor);
          means[c * d + j] = high + low;
        }
      }
      return { values, used: { ...gaussians, means, factors, sharpness }, offset };
    },
    unpack(cells, scale) {
      const counts = new Float64Array(k);
      const sums = new Float64Array(k * d);
      const squares = new Float64Array(k * d);
      for (let c = 0; c < k; c++) {
        const base = Math.floor(c / 4) * slot + (c % 4);
        counts[c] = scale * cells[base];
        for (let j = 0; j < d; j++) {
          sums[c * d + j] = scale * cells[base + 4 + 8 * j];
          squares[c * d + j] = scale * cells[base + 8 + 8 * j];
        }
      }
      return { counts, sums, squares, logLikelihood: scale * cells[fours * slot] };
    },
  };
}

/** See matrices.wgsl and matrices-moments.wgsl. */
function matricesLayout(k: number, d: number, shared: boolean): MixtureLayout {
  const width = 4 * Math.ceil(d / 4);
  const quads = width / 4;
  const blocks = (quads * (quads + 1)) / 2;
  const matrices = shared ? 1 : k;
  const highs = matrices * d * width;
  const firstBlock = 4 * k * (1 + quads);
  const cells = firstBlock + 16 * matrices * blocks + 4;
  return {
    k,
    modelFloats: highs + 2 * k * width + 4 * k,
    cells,
    pack(gaussians) {
      const values = new Float32Array(highs + 2 * k * width + 4 * k);
      const factors = gaussians.factors.map((value, at) =>
        at % (d + 1) === Math.floor(at / (d * d)) ? positiveFloat32(value) : toFloat32(value),
      );
      const means = new Float64Array(k * d);
      const { offset, of } = relativeOffsets(gaussians);
      for (let row = 0; row < matrices * d; row++) {
        for (let j = 0; j < d; j++) values[row * width + j] = factors[row * d + j];
      }
      for (let c = 0; c < k; c++) {
        const high = highs + c * width;
        const addends = new Float64Array(d);
        for (let i = 0; i < d; i++) {
          const mean = split(gaussians.means[c * d + i]);
          values[high + i] = mean.high;
          means[c * d + i] = mean.high + mean.low;
          const row = ((shared ? 0 : c * d) + i) * d;
          for (let j = i; j < d; j++) addends[j] -= mean.low * factors[row + j];
        }
        values.set(addends.map(toFloat32), high + k * width);
        values[highs + 2 * k * width + 4 * c] = of(c);
      }
      return { values, used: { ...gaussians, means, factors }, offset };
    },
    unpack(values, scale) {
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
      return { counts, sums, squares, logLikelihood: scale * values[cells - 4] };
    },
  };
}

/** `corner_of` of matrices-moments.wgsl. */
function cornerOf(block: number, width: number): [row: number, column: number] {
  const row = Math.floor(block / (width + 1));
  const place = block % (width + 1);
  const length = width - row;
  return place < length ? [row, row + place] : [width - 1 - row, width - 1 - row + place - length];
}
