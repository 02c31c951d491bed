import gridCode from '../../shaders/common/grid.wgsl?raw';
import pointsCode from '../../shaders/common/points.wgsl?raw';
import assignDirectCode from '../../shaders/kmeans/assign-direct.wgsl?raw';
import assignTiledCode from '../../shaders/kmeans/assign-tiled.wgsl?raw';
import controlCode from '../../shaders/kmeans/control.wgsl?raw';
import normsCode from '../../shaders/kmeans/norms.wgsl?raw';
import rescoreCode from '../../shaders/kmeans/rescore.wgsl?raw';
import sortCode from '../../shaders/kmeans/sort.wgsl?raw';
import statusCode from '../../shaders/kmeans/status.wgsl?raw';
import sumsPrivateCode from '../../shaders/kmeans/sums-private.wgsl?raw';
import sumsSortedCode from '../../shaders/kmeans/sums-sorted.wgsl?raw';
import updateCode from '../../shaders/kmeans/update.wgsl?raw';
import type { FarLabels, IterationStatus, KMeansWorkspace, LloydOptions, LloydResult } from '../engine/contract.ts';
import type { KMeansStatistics } from '../engine/statistics.ts';
import { metricOf } from '../metric.ts';
import type { ResidentPoints } from './dataset.ts';
import type { Allocation, Gpu } from './device.ts';
import { type Kernel, kernelSource } from './kernel.ts';
import { cutParts, type Part } from './part.ts';
import {
  type AssignPlan,
  assignPlan,
  DIRECT_ROWS,
  planSpans,
  type Span,
  type SumsPlan,
  sliceRows,
  slicesPlan,
  sumsPlan,
  TILE_ROWS,
} from './plan.ts';
import { Queue } from './queue.ts';
import { readLabels } from './read.ts';
import { bindSumSlices, compileSumSlices } from './sum-slices.ts';

/** Lines of the log ring, 8 words each; a batch has no more iterations than the ring has lines. */
const LOG_LINES = 64;
const LINE_WORDS = 8;
/** Words of the control struct, and what its first one says. */
const CONTROL_WORDS = 3;
const STOPS = [null, 'converged', 'empty', 'limit'] as const;

interface Kernels {
  readonly assign: Kernel;
  /** Only beside the tiled assignment. */
  readonly norms: Kernel | null;
  readonly rescore: Kernel | null;
  /** Only before sorted sums. */
  readonly sort: Kernel | null;
  readonly sums: Kernel;
  readonly sumSlices: Kernel;
  readonly update: Kernel;
  readonly status: Kernel;
}

/** A dispatch that is ready to be encoded, and the multiply-adds it stands for. */
interface Dispatch {
  readonly kernel: Kernel;
  readonly group: GPUBindGroup;
  readonly workgroups: number;
}

interface Batch {
  readonly iterations: number;
  readonly stop: (typeof STOPS)[number];
  readonly lines: ArrayBuffer;
  readonly centroids: Float64Array;
}

export async function openKMeans(
  gpu: Gpu,
  points: ResidentPoints,
  k: number,
  signal: AbortSignal | undefined,
): Promise<GpuKMeans> {
  if (k > 2 ** 24) throw new RangeError(`k is ${k}, kernels count centroids up to 2^24`);
  const { n, d } = points.summary;
  const assign = assignPlan(d, k);
  const sums = sumsPlan(d, k);
  const spans = planSpans(n, d, k, gpu.bindingLimit);
  const kernels = await compileAll(gpu, points, k, assign, sums, spans);
  return gpu.allocate(
    (allocation) => new GpuKMeans(gpu, allocation, points, k, kernels, assign, sums, spans, signal),
    signal,
  );
}

async function compileAll(
  gpu: Gpu,
  { summary, load: LOAD }: ResidentPoints,
  k: number,
  assign: AssignPlan,
  sums: SumsPlan,
  spans: readonly Span[],
): Promise<Kernels> {
  const { d, metric, weights } = summary;
  const WEIGHTED = weights !== null;
  const onPoints = [pointsCode, gridCode, controlCode];
  const compile = (...source: Parameters<typeof kernelSource>) => gpu.kernel(kernelSource(...source));
  const tiled = assign.kind === 'tiled';
  const assigning = tiled
    ? compile(
        'assign-tiled',
        ['uniform', 'read', 'read', 'read', 'write', 'write', 'read', 'read', 'write'],
        { LOAD, TY: assign.TY },
        ...onPoints,
        assignTiledCode,
      )
    : compile(
        'assign-direct',
        ['uniform', 'read', 'read', 'read', 'write', 'write', 'read'],
        { LOAD, D: d },
        ...onPoints,
        assignDirectCode,
      );
  const summing =
    sums.kind === 'private'
      ? compile(
          'sums-private',
          ['uniform', 'read', 'read', 'read', 'read', 'read', 'read', 'write'],
          { LOAD, WEIGHTED, THREADS: sums.THREADS, LANES: sums.LANES, CELLS: sums.CELLS },
          ...onPoints,
          sumsPrivateCode,
        )
      : compile(
          'sums-sorted',
          ['uniform', 'read', 'read', 'read', 'read', 'read', 'read', 'write'],
          { LOAD, WEIGHTED, LANES: sums.LANES },
          ...onPoints,
          sumsSortedCode,
        );
  const [assignKernel, norms, rescore, sort, sumsKernel, sumSlices, update, status] = await Promise.all([
    assigning,
    tiled ? compile('norms', ['uniform', 'read', 'read', 'write'], { LOAD }, pointsCode, gridCode, normsCode) : null,
    tiled
      ? compile(
          'rescore',
          ['uniform', 'read', 'read', 'read', 'write', 'write', 'read', 'write'],
          { LOAD },
          ...onPoints,
          rescoreCode,
        )
      : null,
    sums.kind === 'sorted'
      ? compile('sort', ['uniform', 'read', 'read', 'read', 'read', 'write'], { LOAD }, ...onPoints, sortCode)
      : null,
    summing,
    compileSumSlices(gpu, slicesPlan(k * (d + 2), spans)),
    compile(
      'update',
      ['uniform', 'read', 'write', 'write', 'write', 'read'],
      { COSINE: metricOf(metric).unitCentroids },
      gridCode,
      controlCode,
      updateCode,
    ),
    compile(
      'status',
      ['uniform', 'read', 'read', 'write', 'write', 'write'],
      { LOG: LOG_LINES },
      controlCode,
      statusCode,
    ),
  ]);
  return { assign: assignKernel, norms, rescore, sort, sums: sumsKernel, sumSlices, update, status };
}

/** Of a start, in the frame. */
const FARTHEST_START = 2 ** 60;

/** See `EngineDataset.kmeans`. */
export class GpuKMeans implements KMeansWorkspace {
  readonly #gpu: Gpu;
  readonly #allocation: Allocation;
  readonly #points: ResidentPoints;
  readonly #signal: AbortSignal | undefined;
  readonly #k: number;
  readonly #queue: Queue;
  /** Centroids [k, d], their norms [k]. */
  readonly #model: GPUBuffer;
  readonly #previous: GPUBuffer;
  readonly #totals: GPUBuffer;
  readonly #control: GPUBuffer;
  readonly #changed: GPUBuffer;
  readonly #log: GPUBuffer;
  readonly #rule: GPUBuffer;
  /** A label a row, for each shard. */
  readonly #labels: readonly GPUBuffer[];
  readonly #staging: readonly GPUBuffer[];
  /** Whether there was an assignment, to compare labels with. */
  #isAssigned = false;
  #lastInertia = 0;
  /** The labels of the last assignment, once they have been asked for. */
  #labelsAtHome: Uint32Array | null = null;
  /** ‖x‖² of all rows: dispatched once, with the first call. */
  #prepare: readonly Dispatch[];
  /** Iterations of the next batch, at most: few at first, so that a short fit leaves little behind its end. */
  #batch = 1;
  /** Assignment and statistics, a list for each span; then the update. */
  readonly #spans: readonly (readonly Dispatch[])[];
  readonly #spanWork: readonly number[];
  readonly #update: readonly Dispatch[];

  constructor(
    gpu: Gpu,
    allocation: Allocation,
    points: ResidentPoints,
    k: number,
    kernels: Kernels,
    assign: AssignPlan,
    sums: SumsPlan,
    spans: readonly Span[],
    signal: AbortSignal | undefined,
  ) {
    const { n, d } = points.summary;
    const { shards } = points;
    const cells = k * (d + 2);
    const rows = sliceRows(n, d, k);
    this.#gpu = gpu;
    this.#allocation = allocation;
    this.#points = points;
    this.#signal = signal;
    this.#k = k;
    this.#queue = new Queue(gpu, allocation, points);
    this.#model = allocation.storage('model', k * (d + 1) * 4);
    this.#previous = allocation.storage('previous', k * d * 4);
    this.#totals = allocation.storage('totals', 2 * cells * 4);
    this.#control = allocation.storage('control', CONTROL_WORDS * 4);
    this.#changed = allocation.storage('changed', 4);
    this.#log = allocation.storage('log', LOG_LINES * LINE_WORDS * 4);
    this.#rule = allocation.uniform('rule', [k, d, 0], [0]);
    this.#labels = shards.map((shard) => allocation.storage('labels', shard.rows * 4));
    const batchBytes = (LOG_LINES * LINE_WORDS + CONTROL_WORDS + k * d) * 4;
    this.#staging = [allocation.staging('batch', batchBytes), allocation.staging('batch', batchBytes)];

    const longest = Math.max(...spans.map(({ slices }) => slices));
    const slots = allocation.storage('slots', longest * cells * 4);
    const sorted = kernels.sort === null ? null : allocation.storage('sorted', longest * (2 * k + 1 + rows) * 4);
    const tiled = assign.kind === 'tiled';
    const norms = shards.map((shard) => (tiled ? allocation.storage('norms', shard.rows * 4) : null));
    const flagged = shards.map((shard) =>
      tiled ? allocation.storage('flagged', Math.ceil(shard.rows / rows) * (rows + 1) * 4) : null,
    );
    const tileRows = tiled ? TILE_ROWS : DIRECT_ROWS;
    const weightsOf = ({ shard }: Part) => shard.weights;

    const onPart = (part: Part): Dispatch[] => {
      const { shard, index, uniform } = part;
      const read = [uniform, shard.points, shard.adjust] as const;
      const labels = this.#labels[index];
      const state = [labels, this.#changed, this.#control] as const;
      const slices = Math.ceil(part.rows / rows);
      const dispatches: Dispatch[] = [];
      const add = (kernel: Kernel, workgroups: number, ...resources: (GPUBuffer | GPUBufferBinding)[]) =>
        dispatches.push({ kernel, workgroups, group: kernel.bind(...resources) });
      if (tiled) {
        add(
          kernels.assign,
          Math.ceil(part.rows / tileRows),
          ...read,
          this.#model,
          ...state,
          norms[index]!,
          flagged[index]!,
        );
        add(kernels.rescore!, slices, ...read, this.#model, ...state, flagged[index]!);
      } else {
        add(kernels.assign, Math.ceil(part.rows / tileRows), ...read, this.#model, ...state);
      }
      if (sums.kind === 'private') {
        add(kernels.sums, slices, ...read, this.#model, labels, weightsOf(part), this.#control, slots);
      } else {
        const blocks = Math.ceil(k / (64 / sums.LANES));
        add(kernels.sort!, slices, ...read, labels, this.#control, sorted!);
        add(kernels.sums, slices * blocks, ...read, this.#model, sorted!, weightsOf(part), this.#control, slots);
      }
      return dispatches;
    };

    const sumSlices = slicesPlan(cells, spans);
    this.#spanWork = spans.map(({ slices }) => slices * rows * (d * k + 8));
    this.#spans = spans.map(({ firstSlice, slices }, i) => {
      const start = firstSlice * rows;
      const parts = cutParts(allocation, points, k, rows, start, Math.min(n, start + slices * rows));
      const summing: Dispatch = {
        kernel: kernels.sumSlices,
        group: bindSumSlices(
          kernels.sumSlices,
          allocation,
          sumSlices,
          cells,
          spans,
          i,
          slots,
          this.#totals,
          this.#control,
        ),
        workgroups: sumSlices.workgroups,
      };
      return [...parts.flatMap(onPart), summing];
    });
    this.#prepare = tiled
      ? cutParts(allocation, points, k, rows).map(({ shard, index, rows, uniform }) => ({
          kernel: kernels.norms!,
          group: kernels.norms!.bind(uniform, shard.points, shard.adjust, norms[index]!),
          workgroups: Math.ceil(rows / 256),
        }))
      : [];
    const moves = allocation.storage('moves', k * 4);
    const shape = allocation.uniform('shape', [k, d]);
    this.#update = [
      {
        kernel: kernels.update,
        group: kernels.update.bind(shape, this.#totals, this.#model, this.#previous, moves, this.#control),
        workgroups: k,
      },
      {
        kernel: kernels.status,
        group: kernels.status.bind(this.#rule, this.#totals, moves, this.#changed, this.#control, this.#log),
        workgroups: 1,
      },
    ];
  }

  /**
   * Two batches are in flight: while the host reads how one ended the next one runs already. If the one had been the
   * last, the next finds `done` set and does nothing.
   */
  async lloyd(start: Float64Array, options: LloydOptions): Promise<LloydResult> {
    this.#begin(start, options.resume);
    this.#isAssigned = true;
    const { maxIterations, tolerance } = options;
    const rule = new ArrayBuffer(16);
    new Uint32Array(rule).set([this.#k, this.#points.summary.d, Math.min(maxIterations, 2 ** 32 - 1)]);
    new Float32Array(rule)[3] = tolerance;
    this.#queue.write(this.#rule, 0, rule);

    let known = 0;
    await this.#submitBatch(0);
    let next = this.#readBatch(0);
    for (let parity = 1; ; parity = 1 - parity) {
      let ahead: Promise<Batch> | undefined;
      try {
        await this.#submitBatch(parity);
        ahead = this.#readBatch(parity);
        const batch = await next;
        options.onCheckpoint(batch.centroids, batch.iterations);
        const statuses = readLines(batch.lines, known, batch.iterations, this.#points.weightScale);
        const asked = statuses.some((status) => options.onIteration(status) === 'stop');
        this.#signal?.throwIfAborted();
        // What was submitted already is done, and counts.
        if (asked) return await this.#finish(await ahead, 'asked');
        // Only the device counts: one that does nothing would never end.
        if (batch.stop === null && batch.iterations <= known) throw new Error('the GPU did no iteration of a batch');
        known = batch.iterations;
        next = ahead;
        if (batch.stop === null) continue;
        await ahead;
        return await this.#finish(batch, batch.stop);
      } catch (error) {
        // Both may fail behind our back now.
        next.catch(() => undefined);
        ahead?.catch(() => undefined);
        throw error;
      }
    }
  }

  async accumulate(centroids: Float64Array): Promise<KMeansStatistics> {
    this.#begin(centroids, false);
    await this.#encodeAssignment();
    const { d, n } = this.#points.summary;
    const { weightScale } = this.#points;
    const k = this.#k;
    const [totals, changed] = await this.#queue.readRanges([
      { buffer: this.#totals, offset: 0, bytes: k * (d + 2) * 4 },
      { buffer: this.#changed, offset: 0, bytes: 4 },
    ]);
    const cells = new Float32Array(totals);
    this.#labelsAtHome = null;
    const counts = await this.#countsOf(cells.subarray(k * d, k * (d + 1)));
    // The kernels sum about the centroids.
    const sums = Float64Array.from(
      { length: k * d },
      (_, i) => cells[i] / weightScale + centroids[i] * counts[Math.floor(i / d)],
    );
    this.#lastInertia = cells.subarray(k * (d + 1)).reduce((sum, value) => sum + value, 0) / weightScale;
    const statistics = { counts, sums, exact: null, inertia: this.#lastInertia };
    const assigned = { ...statistics, changed: this.#isAssigned ? new Uint32Array(changed)[0] : n };
    this.#isAssigned = true;
    return assigned;
  }

  async labels(): Promise<Uint32Array> {
    this.#labelsAtHome ??= await readLabels(this.#queue, this.#points, this.#labels);
    return this.#labelsAtHome;
  }

  async inertia(): Promise<number> {
    return this.#lastInertia;
  }

  async labelsBuffer({ indices, labels }: FarLabels): Promise<GPUBuffer> {
    const { summary, shards } = this.#points;
    const { allocation, buffer } = await this.#gpu.allocate(
      (allocation) => ({ allocation, buffer: allocation.storage('labels', summary.n * 4) }),
      this.#signal,
    );
    try {
      shards.forEach(({ firstRow, rows }, i) => {
        this.#queue.copy(this.#labels[i], 0, buffer, firstRow * 4, rows * 4);
      });
      await this.#queue.submit();
      indices.forEach((row, i) => {
        this.#queue.write(buffer, row * 4, Uint32Array.of(labels[i]));
      });
      await this.#queue.settle();
      return allocation.giveAway(buffer);
    } finally {
      allocation.destroy();
    }
  }

  /** Σw of each cluster: of the device's sums where they are whole numbers that float32 has, else of the labels. */
  async #countsOf(sums: Float32Array): Promise<Float64Array> {
    const { n, weights } = this.#points.summary;
    if (weights === null && n <= 2 ** 24) return Float64Array.from(sums);
    const counts = new Float64Array(this.#k);
    const labels = await this.labels();
    for (let i = 0; i < n; i++) counts[labels[i]] += weights === null ? 1 : weights[i];
    return counts;
  }

  close(): void {
    this.#allocation.destroy();
  }

  #begin(centroids: Float64Array, resume: boolean): void {
    const { d } = this.#points.summary;
    const model = new Float32Array(this.#k * (d + 1));
    // Farther out nothing is nearest, and squares are no numbers.
    model.set(centroids.map((value) => Math.max(-FARTHEST_START, Math.min(FARTHEST_START, value))));
    for (let c = 0; c < this.#k; c++) {
      let norm = 0;
      for (let j = c * d; j < (c + 1) * d; j++) norm += model[j] * model[j];
      model[this.#k * d + c] = norm;
    }
    this.#queue.write(this.#model, 0, model);
    this.#queue.write(this.#control, 0, Uint32Array.of(0, 0, resume ? 1 : 0));
    this.#queue.write(this.#changed, 0, Uint32Array.of(0));
    for (const dispatch of this.#prepare) this.#encode(dispatch);
    this.#prepare = [];
  }

  async #encodeAssignment(): Promise<void> {
    for (let i = 0; i < this.#spans.length; i++) {
      for (const dispatch of this.#spans[i]) this.#encode(dispatch);
      await this.#queue.spend(this.#spanWork[i], this.#signal);
    }
  }

  /** Submits as many iterations as the queue's budget holds; `#readBatch` tells what came of them. */
  async #submitBatch(parity: number): Promise<void> {
    const work = this.#spanWork.reduce((sum, value) => sum + value, 0);
    const iterations = Math.max(1, Math.min(this.#batch, Math.floor(this.#queue.budget / work)));
    this.#batch = Math.min(LOG_LINES, 2 * this.#batch);
    for (let i = 0; i < iterations; i++) {
      await this.#encodeAssignment();
      for (const dispatch of this.#update) this.#encode(dispatch);
    }
    const staging = this.#staging[parity];
    const logBytes = LOG_LINES * LINE_WORDS * 4;
    const centroidBytes = this.#k * this.#points.summary.d * 4;
    this.#queue.copy(this.#log, 0, staging, 0, logBytes);
    this.#queue.copy(this.#control, 0, staging, logBytes, CONTROL_WORDS * 4);
    this.#queue.copy(this.#model, 0, staging, logBytes + CONTROL_WORDS * 4, centroidBytes);
    await this.#queue.submit();
  }

  async #readBatch(parity: number): Promise<Batch> {
    const staging = this.#staging[parity];
    const bytes = await this.#queue.contents(staging);
    const logBytes = LOG_LINES * LINE_WORDS * 4;
    const [done, iterations] = new Uint32Array(bytes, logBytes, 2);
    const centroids = Float64Array.from(new Float32Array(bytes, logBytes + CONTROL_WORDS * 4));
    return { iterations, stop: STOPS[done], lines: bytes.slice(0, logBytes), centroids };
  }

  async #finish(batch: Batch, stop: LloydResult['stop']): Promise<LloydResult> {
    const { d } = this.#points.summary;
    const k = this.#k;
    const { centroids, iterations } = batch;
    if (stop !== 'empty') return { centroids, previous: centroids, iterations, stop, empty: [] };
    const previous = Float64Array.from(new Float32Array(await this.#queue.read(this.#previous, 0, k * d * 4)));
    const counts = new Float32Array(await this.#queue.read(this.#totals, k * d * 4, k * 4));
    const empty = Array.from(counts.keys()).filter((c) => counts[c] <= 0);
    return { centroids, previous, iterations, stop, empty };
  }

  #encode({ kernel, group, workgroups }: Dispatch): void {
    kernel.encode(this.#queue.pass, group, workgroups);
  }
}

/** The statuses of the iterations (from, to]. */
function readLines(lines: ArrayBuffer, from: number, to: number, weightScale: number): IterationStatus[] {
  const words = new Uint32Array(lines);
  const floats = new Float32Array(lines);
  const statuses: IterationStatus[] = [];
  for (let iteration = from + 1; iteration <= to; iteration++) {
    const at = ((iteration - 1) % LOG_LINES) * LINE_WORDS;
    const [inertia, shift] = [floats[at + 4] / weightScale, floats[at + 5]];
    statuses.push({ iteration, changed: words[at + 1], empty: words[at + 2], inertia, shift });
  }
  return statuses;
}
