import { notFiniteAt } from '../forms.ts';
import {
  type Frame,
  reachOf,
  robustFrame,
  roundingOf,
  type Sample,
  sampled,
  usualVariances,
  withinLimit,
} from '../frame.ts';
import { metricOf } from '../metric.ts';
import {
  ABSENT_LIMIT,
  type FarRows,
  FLOORS,
  type GpuPoints,
  isFar,
  LIMITS,
  MODEL_LIMITS,
  noFarRows,
  type PointsSummary,
  type PreparedPoints,
  sampledRows,
  summaryOf,
  weigh,
  withoutRows,
  zeroRow,
} from '../points.ts';
import { runNow } from '../steps.ts';
import { turnIfDue } from '../turns.ts';
import { type Allocation, type Gpu, RefusedError } from './device.ts';
import { gather } from './gather.ts';
import { sourceOf } from './kernel.ts';
import { EXTENT, lengthsKernel, SCALED_EXTENT, SURVEY_ROWS, surveyKernel } from './kernels/survey.ts';
import { rowsOfShard } from './plan.ts';
import { Queue } from './queue.ts';
import type { ResidentPoints, Shard } from './resident-points.ts';

/** Values written in one piece, and pieces before the host waits: staging memory grows without bound otherwise. */
const WRITE_VALUES = 2 ** 20;
const WRITES_AHEAD = 8;

export async function uploadHostPoints(
  gpu: Gpu,
  points: PreparedPoints,
  signal: AbortSignal | undefined,
): Promise<ResidentPoints> {
  const { n, d, weights } = points;
  const rows = checkedShardRows(n, d, gpu.bindingLimit);
  const weightScale = scaleOf(weights);
  const { allocation, shards } = await gpu.allocate((allocation) => {
    const adjust = allocation.storage('adjust', 4);
    const shards = splitRows(n, rows).map(({ firstRow, rows }): Shard => {
      const buffer = allocation.storage('points', rows * d * 4);
      return {
        firstRow,
        rows,
        points: { buffer },
        base: 0,
        adjust,
        weights: uploadWeights(allocation, weights, weightScale, firstRow, rows),
      };
    });
    return { allocation, shards };
  }, signal);
  try {
    const queue = new Queue(gpu, allocation);
    for (const shard of shards) await fillShard(queue, points, shard);
    await queue.settle();
    allocation.keep();
  } catch (error) {
    allocation.destroy();
    throw error;
  }
  return resident(allocation, { summary: summaryOf(points), weightScale, shards, load: 0 });
}

async function fillShard(queue: Queue, { d, fill }: PreparedPoints, { firstRow, rows, points }: Shard): Promise<void> {
  const each = Math.max(1, Math.floor(WRITE_VALUES / d));
  const values = new Float32Array(Math.min(rows, each) * d);
  for (let row = 0, writes = 1; row < rows; row += each, writes++) {
    const count = Math.min(each, rows - row);
    fill(values, firstRow + row, firstRow + row + count);
    queue.write(points.buffer, row * d * 4, values.subarray(0, count * d));
    if (writes % WRITES_AHEAD === 0) await queue.drain();
    await turnIfDue();
  }
}

/** Sums of weights stay in float32's range whatever their unit. */
function scaleOf(weights: Float32Array | null): number {
  const largest = weights?.reduce((a, b) => Math.max(a, b)) ?? 1;
  // None where all rows are answered elsewhere.
  return largest > 0 ? 2 ** -Math.ceil(Math.log2(largest)) : 1;
}

function uploadWeights(
  allocation: Allocation,
  weights: Float32Array | null,
  scale: number,
  firstRow: number,
  rows: number,
): GPUBuffer {
  if (weights === null) return allocation.storage('weights', 4);
  return allocation.filled(
    'weights',
    weights.subarray(firstRow, firstRow + rows).map((weight) => weight * scale),
  );
}

function checkedShardRows(n: number, d: number, bindingLimit: number): number {
  const rows = rowsOfShard(n, d, bindingLimit);
  if (rows === 0) throw new RangeError(`points of ${d} features need larger bindings than ${bindingLimit} bytes`);
  return rows;
}

function splitRows(n: number, each: number): { firstRow: number; rows: number }[] {
  return Array.from({ length: Math.ceil(n / each) }, (_, i) => ({
    firstRow: i * each,
    rows: Math.min(each, n - i * each),
  }));
}

export function resident(allocation: Allocation, fields: Omit<ResidentPoints, 'check' | 'destroy'>): ResidentPoints {
  return {
    ...fields,
    check: () => allocation.check(),
    destroy: () => allocation.destroy(new TypeError('the dataset was destroyed')),
  };
}

/**
 * Adopts a borrowed buffer: nothing is copied; a survey on the GPU checks the values and finds the frame.
 *
 * @param far rows that are known to be beyond the frame's reach, and have weight 0 in `points`
 */
export async function adoptBuffer(
  gpu: Gpu,
  points: GpuPoints,
  signal: AbortSignal | undefined,
  far: FarRows | null = null,
): Promise<ResidentPoints> {
  const { n, d, metric, weights } = points;
  const { mapState } = points.buffer;
  if (mapState === 'mapped' || mapState === 'pending') throw new TypeError('points.buffer is mapped: unmap it first');
  const { totalWeight, positiveRows } = weigh(weights, n);
  const { unitRows } = metricOf(metric);
  const weightScale = scaleOf(weights);
  const weightOnDevice = totalWeight * weightScale;
  const { allocation, shards } = await gpu.allocate(
    (allocation) => ({ allocation, shards: bindShards(gpu, allocation, points, weightScale) }),
    signal,
  );
  try {
    const queue = new Queue(gpu, allocation);
    const survey = (pivot: ArrayLike<number>, scale: number, unit: boolean) =>
      surveyPoints(gpu, queue, points, shards, Float32Array.from(pivot), scale, weightOnDevice, unit);
    // Values first: a length of something infinite means nothing, and squares need a scale.
    const range = await survey(new Float32Array(d), 0, false).catch((error: unknown) => {
      throw error instanceof RefusedError ? unusable(error) : error;
    });
    if (unitRows) await writeLengths(gpu, queue, points, shards);
    const sample = unitRows ? null : await sampleOf(gpu, points, shards, signal);
    const frame = sample
      ? frameOf(sample, range, points.frame)
      : { shift: new Float64Array(d), scale: 1, precise: false };
    if (!unitRows && far === null) {
      const found = await farRowsOf(gpu, points, shards, frame, range, signal);
      if (found.indices.length > 0) {
        allocation.destroy();
        return adoptBuffer(gpu, { ...points, weights: withoutRows(weights, n, found) }, signal, found);
      }
    }
    const rough = await survey(frame.shift, frame.scale, unitRows);
    // About its mean: the variance of data far from the origin needs the second look.
    const inFrame = (await survey(rough.mean, frame.scale, unitRows)).variance.map((value) => value * frame.scale ** 2);
    if (!unitRows) queue.write(shards[0].adjust, 0, Float32Array.from(frame.shift));
    await queue.settle();
    allocation.keep();
    const summary: PointsSummary = {
      ...{ n, d, metric, frame, weights, totalWeight, positiveRows },
      variance: inFrame,
      usualVariance: sample ? usualVariances(sample, inFrame, frame.scale) : inFrame,
      rounding: sample ? runNow(roundingOf(sample, frame, FLOORS.webgpu)) : new Float64Array(d),
      far: far ?? noFarRows(),
    };
    return resident(allocation, { summary, weightScale, shards, load: unitRows ? 2 : 1 });
  } catch (error) {
    allocation.destroy();
    throw error;
  }
}

/** Nothing but the caller's buffer is new to the device. */
function unusable({ message }: RefusedError): TypeError {
  return new TypeError(`points.buffer was destroyed, or is mapped or of another device: ${message}`);
}

/** Values of float32 have no need of a larger scale, and the inverse of the scale is to be one. */
const LARGEST_SCALE = 2 ** 120;

/** The shift is applied in float32 here, so it has to be a float32. */
function frameOf(sample: Sample, range: Survey, given: Frame | undefined): Frame {
  const frame = given ?? robustFrame(sample, range);
  const rounded = { ...frame, shift: frame.shift.map(Math.fround), scale: Math.min(frame.scale, LARGEST_SCALE) };
  return given === undefined ? withinLimit(rounded, range, LIMITS.webgpu) : rounded;
}

/** Values that are looked at in one go. */
const LOOKED_AT = 2 ** 20;

/**
 * Rows that are out of the frame's reach: of weight 0, beyond all that count; in the frame of a model, any. They are read
 * on the host, if the range says that there are some.
 */
async function farRowsOf(
  gpu: Gpu,
  { n, d, weights, frame: given }: GpuPoints,
  shards: readonly Shard[],
  frame: Frame,
  range: Survey,
  signal: AbortSignal | undefined,
): Promise<FarRows> {
  const reach = reachOf(frame.shift, range) * frame.scale;
  const limit = given === undefined ? Math.min(reach, ABSENT_LIMIT) : MODEL_LIMITS.webgpu;
  const isAny = given !== undefined && reach > limit;
  if (!isAny && weights === null) return noFarRows();
  const all = Uint32Array.from({ length: n }, (_, i) => i);
  const candidates = isAny ? all : all.filter((i) => weights![i] === 0);
  const indices: number[] = [];
  const values: number[] = [];
  const each = Math.max(1, Math.floor(LOOKED_AT / d));
  for (let from = 0; from < candidates.length; from += each) {
    const block = candidates.subarray(from, from + each);
    const rows = await gatherRaw(gpu, n, d, shards, block, signal);
    block.forEach((index, i) => {
      const row = rows.subarray(i * d, (i + 1) * d);
      if (!isFar(row, frame, limit)) return;
      indices.push(index);
      for (const value of row) values.push(value);
    });
  }
  return {
    indices: Uint32Array.from(indices),
    values: Float64Array.from(values),
    weights: Float64Array.from(indices, (i) => weights?.[i] ?? 1),
  };
}

/** Rows as they lie in the buffer. */
function gatherRaw(
  gpu: Gpu,
  n: number,
  d: number,
  shards: readonly Shard[],
  indices: Uint32Array,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const frame = { shift: new Float64Array(d), scale: 1 };
  return gather(gpu, { summary: { n, d, frame }, shards, load: 0, check: () => undefined }, indices, signal);
}

/** What is usual among the rows, as they lie. */
async function sampleOf(
  gpu: Gpu,
  { n, d, weights }: GpuPoints,
  shards: readonly Shard[],
  signal: AbortSignal | undefined,
): Promise<Sample> {
  const indices = sampledRows(n, d, weights, weigh(weights, n).positiveRows);
  const values = await gatherRaw(gpu, n, d, shards, indices, signal);
  return sampled(values, weights && Float64Array.from(indices, (row) => weights[row]), d);
}

function bindShards(
  gpu: Gpu,
  allocation: Allocation,
  { buffer, n, d, offset, metric, weights }: GpuPoints,
  weightScale: number,
): Shard[] {
  const alignment = gpu.device.limits.minStorageBufferOffsetAlignment;
  const rows = checkedShardRows(n, d, gpu.bindingLimit - alignment);
  const shift = metricOf(metric).unitRows ? null : allocation.storage('shift', d * 4);
  return splitRows(n, rows).map(({ firstRow, rows }) => {
    const start = offset + firstRow * d * 4;
    const aligned = Math.floor(start / alignment) * alignment;
    return {
      firstRow,
      rows,
      points: { buffer, offset: aligned, size: start - aligned + rows * d * 4 },
      base: (start - aligned) / 4,
      adjust: shift ?? allocation.storage('inverse lengths', rows * 4),
      weights: uploadWeights(allocation, weights, weightScale, firstRow, rows),
    };
  });
}

interface Survey {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** The values of EXTENT. */
function extentOf({ base, rows, firstRow }: Shard, d: number) {
  return { base, rows, d, first_row: firstRow, shard_row: 0 };
}

async function surveyPoints(
  gpu: Gpu,
  queue: Queue,
  { n, d, weights }: GpuPoints,
  shards: readonly Shard[],
  pivot: Float32Array,
  scale: number,
  totalWeight: number,
  unit: boolean,
): Promise<Survey> {
  const kernel = await gpu.kernel(sourceOf(surveyKernel, { UNIT: unit, WEIGHTED: weights !== null }));
  const slices = Math.ceil(n / SURVEY_ROWS);
  const { allocation, bad, result, dispatches } = await gpu.allocate((allocation) => {
    const bad = allocation.filled('bad', Uint32Array.of(0xffffffff));
    const pivots = allocation.filled('pivot', pivot);
    const result = allocation.storage('survey', slices * d * 16);
    const dispatches = shards.map((shard) => {
      const extent = allocation.uniform(SCALED_EXTENT, { ...extentOf(shard, d), scale });
      const { rows, points, adjust, weights } = shard;
      return kernel.bind({ extent, points, adjust, weights, pivot: pivots, bad, survey: result }, { rows, d });
    });
    return { allocation, bad, result, dispatches };
  });
  try {
    for (const dispatch of dispatches) dispatch.encode(queue.pass);
    const [first] = new Uint32Array(await queue.read(bad, 0, 4));
    if (first !== 0xffffffff) throw notFiniteAt(`points[${Math.floor(first / d)}][${first % d}]`, undefined);
    return sumSurvey(new Float32Array(await queue.read(result, 0, slices * d * 16)), pivot, scale, totalWeight);
  } finally {
    allocation.destroy();
  }
}

function sumSurvey(values: Float32Array, pivot: Float32Array, scale: number, totalWeight: number): Survey {
  const d = pivot.length;
  const sums = new Float64Array(d);
  const squares = new Float64Array(d);
  const low = new Float64Array(d).fill(Infinity);
  const high = new Float64Array(d).fill(-Infinity);
  for (let i = 0; i < values.length; i += 4) {
    const j = (i / 4) % d;
    sums[j] += values[i];
    squares[j] += values[i + 1];
    low[j] = Math.min(low[j], values[i + 2]);
    high[j] = Math.max(high[j], values[i + 3]);
  }
  const mean = sums.map((sum, j) => pivot[j] + sum / totalWeight / scale);
  const variance = squares.map(
    (square, j) => Math.max(0, square / totalWeight - (sums[j] / totalWeight) ** 2) / scale ** 2,
  );
  return { mean, variance, low, high };
}

async function writeLengths(gpu: Gpu, queue: Queue, { d, metric }: GpuPoints, shards: readonly Shard[]): Promise<void> {
  const kernel = await gpu.kernel(sourceOf(lengthsKernel, {}));
  const { allocation, zero, dispatches } = await gpu.allocate((allocation) => {
    const zero = allocation.filled('zero', Uint32Array.of(0xffffffff));
    const dispatches = shards.map((shard) => {
      const { rows, points, adjust: inverse } = shard;
      return kernel.bind({ extent: allocation.uniform(EXTENT, extentOf(shard, d)), points, inverse, zero }, { rows });
    });
    return { allocation, zero, dispatches };
  });
  try {
    for (const dispatch of dispatches) dispatch.encode(queue.pass);
    const [first] = new Uint32Array(await queue.read(zero, 0, 4));
    if (first !== 0xffffffff) throw zeroRow(first, metric);
  } finally {
    allocation.destroy();
  }
}
