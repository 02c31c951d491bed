import type { FarLabels, IterationStatus, KMeansWorkspace, LloydOptions, LloydResult } from '../engine/contract.ts';
import type { KMeansStatistics } from '../engine/statistics.ts';
import { type Metric, metricOf } from '../metric.ts';
import { assignmentSources, bindAssignment, type Filtering } from './assignment.ts';
import type { Allocation, Compiled, Gpu } from './device.ts';
import { type Dispatch, type Subgroups, sourceOf } from './kernel.ts';
import {
  CONTROL,
  LINE,
  RULE,
  SHAPE,
  sortKernel,
  statusKernel,
  sumsPrivateKernel,
  sumsSortedKernel,
  updateKernel,
} from './kernels/kmeans.ts';
import { bindingsOf, cutParts, type Part } from './part.ts';
import { Passes } from './passes.ts';
import {
  hasQuads,
  type KMeansWorkPlan,
  kmeansWorkPlan,
  type Span,
  sameVariant,
  sumsPlan,
  type Tile,
  type Variant,
} from './plan.ts';
import { Queue } from './queue.ts';
import { readLabels } from './read.ts';
import type { Load, ResidentPoints } from './resident-points.ts';
import { pack, type Uniform, unpack } from './struct.ts';
import { bindSumSlices, sumSlicesSource } from './sum-slices.ts';

/** Lines of the log ring; a batch has no more iterations than the ring has lines. */
const LOG_LINES = 64;
/** What `done` of the control says. */
const STOPS = [null, 'converged', 'empty', 'limit'] as const;

type Sources = ReturnType<typeof kmeansSources>;
type Kernels = { readonly [Group in keyof Sources]: Compiled<Sources[Group]> };

interface Batch {
  readonly iterations: number;
  readonly stop: (typeof STOPS)[number];
  readonly lines: ArrayBuffer;
  readonly centroids: Float64Array;
}

/** A workspace of the variant that was tuned, or of the usual one where these points leave no room for it, or the device refuses it. */
export async function openKMeans(
  gpu: Gpu,
  points: ResidentPoints,
  k: number,
  signal: AbortSignal | undefined,
): Promise<GpuKMeans> {
  const { d } = points.summary;
  const usual = gpu.usualFor(d);
  const variant = gpu.variantFor(d, k);
  try {
    return await openVariant(gpu, points, k, signal, variant);
  } catch (error) {
    if (sameVariant(variant, usual)) throw error;
    signal?.throwIfAborted();
    gpu.checkAlive();
    points.check();
    return openVariant(gpu, points, k, signal, usual);
  }
}

export async function openVariant(
  gpu: Gpu,
  points: ResidentPoints,
  k: number,
  signal: AbortSignal | undefined,
  wanted: Variant,
): Promise<GpuKMeans> {
  if (k > 2 ** 24) throw new RangeError(`k is ${k}, kernels count centroids up to 2^24`);
  const { n, d, metric, weights } = points.summary;
  const plan = kmeansWorkPlan(n, d, k, gpu.bindingLimit);
  const variant = await gpu.able(wanted, d);
  const quads = hasQuads(d, points.shards);
  const subgroups = gpu.subgroupsOf(variant.subgroups);
  const filtering = variant.filter === 'none' ? null : await import('./filter.ts');
  const tile = gpu.fitting(variant.tile);
  const traits = { d, metric, load: points.load, weighted: weights !== null, tile, filtering, quads, subgroups };
  const sources = kmeansSources(traits, k, plan);
  const [assigning, summing, rest] = await Promise.all([
    gpu.kernels(sources.assigning),
    gpu.kernels(sources.summing),
    gpu.kernels(sources.rest),
  ]);
  return gpu.allocate(
    (allocation) => new GpuKMeans(gpu, allocation, points, k, { assigning, summing, rest }, filtering, plan, signal),
    signal,
  );
}

/** What kernels depend on beside the shape. */
export interface KMeansTraits {
  readonly d: number;
  readonly metric: Metric;
  readonly load: Load;
  readonly weighted: boolean;
  readonly tile: Tile;
  readonly filtering: Filtering | null;
  readonly subgroups: Subgroups;
  /** See `hasQuads`. */
  readonly quads: boolean;
}

/** The kernels of an iteration, with their constants. */
export function kmeansSources(
  { d: D, metric, load: LOAD, weighted: WEIGHTED, tile, filtering, quads, subgroups }: KMeansTraits,
  k: number,
  plan: KMeansWorkPlan,
) {
  const sums = sumsPlan(D, k);
  return {
    assigning: assignmentSources(LOAD, D, k, tile, filtering, quads, subgroups),
    summing:
      sums.kind === 'private'
        ? { private: sourceOf(sumsPrivateKernel, { LOAD, WEIGHTED, ...sums }) }
        : {
            sort: sourceOf(sortKernel, { LOAD, BITS: Math.log2(plan.rows) }),
            sorted: sourceOf(sumsSortedKernel, { LOAD, WEIGHTED, ...sums }),
          },
    rest: {
      sumSlices: sumSlicesSource(plan.sumSlices),
      update: sourceOf(updateKernel, { UNIT_CENTROIDS: metricOf(metric).unitCentroids }, subgroups),
      status: sourceOf(statusKernel, { LOG: LOG_LINES }, subgroups),
    },
  };
}

/** Of a start, in the frame. */
const FARTHEST_START = 2 ** 60;

/** See `EngineDataset.kmeans`. */
export class GpuKMeans implements KMeansWorkspace {
  /** None of its own: said, so that nothing is inherited. */
  readonly label = undefined;
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
  readonly #rule: Uniform<typeof RULE>;
  /** A label a row, for each shard. */
  readonly #labels: readonly GPUBuffer[];
  readonly #staging: readonly GPUBuffer[];
  /** Whether there was an assignment, to compare labels with. */
  #isAssigned = false;
  #lastInertia = 0;
  /** The labels of the last assignment, once they have been asked for. */
  #labelsAtHome: Uint32Array | null = null;
  /** What assignments need to know of the rows: dispatched once, with the first call. */
  #prepare: readonly Dispatch[] = [];
  /** Iterations of the next batch, at most: few at first, so that a short fit leaves little behind its end. */
  #batch = 1;
  /** Assignment and statistics; then the update. */
  readonly #passes: Passes;
  readonly #update: readonly Dispatch[];

  constructor(
    gpu: Gpu,
    allocation: Allocation,
    points: ResidentPoints,
    k: number,
    { assigning, summing, rest }: Kernels,
    filtering: Filtering | null,
    plan: KMeansWorkPlan,
    signal: AbortSignal | undefined,
  ) {
    const { n, d } = points.summary;
    const { shards } = points;
    const cells = k * (d + 2);
    const { rows, together, longest, sumSlices } = plan;
    this.#gpu = gpu;
    this.#allocation = allocation;
    this.#points = points;
    this.#signal = signal;
    this.#k = k;
    this.#queue = new Queue(gpu, allocation, points);
    // Kernels may read it by 16 bytes.
    this.#model = allocation.storage('model', Math.ceil((k * (d + 1)) / 4) * 16);
    this.#previous = allocation.storage('previous', k * d * 4);
    this.#totals = allocation.storage('totals', 2 * cells * 4);
    this.#control = allocation.storage('control', CONTROL.bytes);
    this.#changed = allocation.storage('changed', 4);
    this.#log = allocation.storage('log', LOG_LINES * LINE.bytes);
    this.#rule = allocation.uniform(RULE, { k, d, max_iterations: 0, tolerance: 0 });
    this.#labels = shards.map((shard) => allocation.storage('labels', shard.rows * 4));
    const batchBytes = LOG_LINES * LINE.bytes + CONTROL.bytes + k * d * 4;
    this.#staging = [allocation.staging('batch', batchBytes), allocation.staging('batch', batchBytes)];

    const slots = allocation.storage('slots', (longest / together) * cells * 4);
    const sum = this.#summing(summing, plan, slots);
    const [control, changed, model, totals] = [this.#control, this.#changed, this.#model, this.#totals];
    const buffersOfRows = { model, labels: this.#labels, changed, control };
    const assignment = bindAssignment(assigning, allocation, points, k, rows, buffersOfRows, filtering);
    this.#prepare = assignment.once;
    const buffers = { slots, totals, halt: control };
    const partsOf = ({ firstSlice, slices }: Span) =>
      cutParts(allocation, points, k, rows, firstSlice * rows, Math.min(n, (firstSlice + slices) * rows));
    this.#passes = new Passes(allocation, plan, {
      first: assignment.first,
      // The assignment is nearly all of the work.
      piece: (span) => partsOf(span).flatMap(assignment.of),
      end(spans, nth) {
        const slotSpans = spans.map(({ firstSlice, slices }) => ({
          firstSlice: firstSlice / together,
          slices: Math.ceil(slices / together),
        }));
        return [
          ...partsOf(spans[nth]).flatMap(sum),
          bindSumSlices(rest.sumSlices, allocation, sumSlices, cells, slotSpans, nth, buffers),
        ];
      },
    });
    const moves = allocation.storage('moves', k * 4);
    const shape = allocation.uniform(SHAPE, { k, d });
    this.#update = [
      rest.update.bind({ shape, totals, model, previous: this.#previous, moves, control }, { k }),
      rest.status.bind({ rule: this.#rule, totals, moves, changed, control, log: this.#log }, {}),
    ];
  }

  /** What sums the rows of a part, slice by slice. */
  #summing(
    kernels: Kernels['summing'],
    { rows, together, longest, sortedWords }: KMeansWorkPlan,
    slots: GPUBuffer,
  ): (part: Part) => readonly Dispatch[] {
    const k = this.#k;
    const resourcesOf = (part: Part) => {
      const { weights } = part.shard;
      return { ...bindingsOf(part), model: this.#model, weights, control: this.#control, slots };
    };
    const slicesOf = (part: Part) => Math.ceil(part.rows / rows);
    if (kernels.private !== undefined) {
      return (part) => {
        const labels = this.#labels[part.index];
        return [kernels.private.bind({ ...resourcesOf(part), labels }, { slices: slicesOf(part) })];
      };
    }
    const sorted = this.#allocation.storage('sorted', longest * sortedWords * 4);
    return (part) => {
      const labels = this.#labels[part.index];
      const slices = slicesOf(part);
      // A shard may end within a group: the next one goes on with it.
      const groups = Math.ceil((part.slot + slices) / together) - Math.floor(part.slot / together);
      return [
        kernels.sort.bind({ ...bindingsOf(part), labels, control: this.#control, sorted }, { slices }),
        kernels.sorted.bind({ ...resourcesOf(part), sorted }, { groups, k }),
      ];
    };
  }

  /**
   * Two batches are in flight: while the host reads how one ended the next one runs already. If the one had been the
   * last, the next finds `done` set and does nothing.
   */
  async lloyd(start: Float64Array, options: LloydOptions): Promise<LloydResult> {
    this.#begin(start, options.resume);
    this.#isAssigned = true;
    const { maxIterations, tolerance } = options;
    const { d } = this.#points.summary;
    const rule = pack(RULE, { k: this.#k, d, max_iterations: Math.min(maxIterations, 2 ** 32 - 1), tolerance });
    this.#queue.write(this.#rule.buffer, 0, rule);

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
        let asked = false;
        for (const status of statuses) {
          asked = (await options.onIteration(status)) === 'stop';
          if (asked) break;
        }
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
        // Nobody awaits these two any more: their rejections are handled here.
        next.catch(() => undefined);
        ahead?.catch(() => undefined);
        throw error;
      }
    }
  }

  async accumulate(centroids: Float64Array): Promise<KMeansStatistics> {
    this.#begin(centroids, false);
    await this.#passes.encode(this.#queue, this.#signal);
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

  /** Does the same pass so many times and waits until the GPU has done it: for the time that this takes. */
  async repeat(centroids: Float64Array, passes: number): Promise<void> {
    this.#begin(centroids, false);
    for (let i = 0; i < passes; i++) {
      this.#signal?.throwIfAborted();
      await this.#passes.encode(this.#queue, this.#signal);
    }
    await this.#queue.submit();
    await this.#queue.drain();
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
      if (indices.length === 0) {
        shards.forEach(({ firstRow, rows }, i) => {
          this.#queue.copy(this.#labels[i], 0, buffer, firstRow * 4, rows * 4);
        });
        await this.#queue.submit();
      } else {
        const all = Uint32Array.from(await this.labels());
        indices.forEach((row, i) => {
          all[row] = labels[i];
        });
        this.#queue.write(buffer, 0, all);
      }
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
    this.#queue.write(this.#control, 0, pack(CONTROL, { done: 0, iteration: 0, compared: resume ? 1 : 0 }));
    this.#queue.write(this.#changed, 0, Uint32Array.of(0));
    for (const dispatch of this.#prepare) dispatch.encode(this.#queue.pass);
    this.#prepare = [];
  }

  /** Submits as many iterations as the queue's budget holds; `#readBatch` tells what came of them. */
  async #submitBatch(parity: number): Promise<void> {
    const iterations = Math.max(1, Math.min(this.#batch, Math.floor(this.#queue.budget / this.#passes.work)));
    this.#batch = Math.min(LOG_LINES, 2 * this.#batch);
    for (let i = 0; i < iterations; i++) {
      await this.#passes.encode(this.#queue, this.#signal);
      for (const dispatch of this.#update) dispatch.encode(this.#queue.pass);
    }
    const staging = this.#staging[parity];
    const logBytes = LOG_LINES * LINE.bytes;
    const centroidBytes = this.#k * this.#points.summary.d * 4;
    this.#queue.copy(this.#log, 0, staging, 0, logBytes);
    this.#queue.copy(this.#control, 0, staging, logBytes, CONTROL.bytes);
    this.#queue.copy(this.#model, 0, staging, logBytes + CONTROL.bytes, centroidBytes);
    await this.#queue.submit();
  }

  async #readBatch(parity: number): Promise<Batch> {
    const staging = this.#staging[parity];
    const bytes = await this.#queue.contents(staging);
    const logBytes = LOG_LINES * LINE.bytes;
    const { done, iteration: iterations } = unpack(CONTROL, bytes, logBytes);
    const centroids = Float64Array.from(new Float32Array(bytes, logBytes + CONTROL.bytes));
    return { iterations, stop: STOPS[done], lines: bytes.slice(0, logBytes), centroids };
  }

  async #finish(batch: Batch, stop: LloydResult['stop']): Promise<LloydResult> {
    const { d } = this.#points.summary;
    const k = this.#k;
    const { centroids, iterations } = batch;
    // Whatever ends the iterations, the device knows whether the last of them left a cluster empty.
    if (batch.stop !== 'empty') return { centroids, previous: centroids, iterations, stop, empty: [] };
    const previous = Float64Array.from(new Float32Array(await this.#queue.read(this.#previous, 0, k * d * 4)));
    const counts = new Float32Array(await this.#queue.read(this.#totals, k * d * 4, k * 4));
    const empty = Array.from(counts.keys()).filter((c) => counts[c] <= 0);
    return { centroids, previous, iterations, stop, empty };
  }
}

/** The statuses of the iterations (from, to]. */
function readLines(lines: ArrayBuffer, from: number, to: number, weightScale: number): IterationStatus[] {
  const statuses: IterationStatus[] = [];
  for (let iteration = from + 1; iteration <= to; iteration++) {
    const { changed, empty, inertia, shift } = unpack(LINE, lines, ((iteration - 1) % LOG_LINES) * LINE.bytes);
    statuses.push({ iteration, changed, empty, inertia: inertia / weightScale, shift });
  }
  return statuses;
}
