import type { MixtureWorkspace } from '../engine/contract.ts';
import { type Gaussians, type GaussiansShape, logDensitiesAt } from '../engine/gaussians.ts';
import type { MixtureStatistics } from '../engine/statistics.ts';
import type { PointsSummary } from '../points.ts';
import type { Allocation, Compiled, Gpu } from './device.ts';
import { type Dispatch, type KernelSource, sourceOf } from './kernel.ts';
import {
  answersKernel,
  axesDensitiesKernel,
  axesMomentsKernel,
  matricesDensitiesKernel,
  matricesKeptKernel,
  matricesNarrowKernel,
  matricesStoredKernel,
  matricesWideKernel,
  TASK,
} from './kernels/mixture.ts';
import { addFar, answerFar, FAR, FARTHEST, type FarRow } from './mixture-far.ts';
import { layoutOf, type MixtureLayout, type UnpackedStatistics } from './mixture-layout.ts';
import { bindingsOf, cutParts, type Part } from './part.ts';
import { axesColumns, LARGEST_EXACT, type MixtureWorkPlan, mixtureWorkPlan, sharesOfRow } from './plan.ts';
import { Queue } from './queue.ts';
import { type PairsTask, readLabels, readPairs } from './read.ts';
import type { Load, ResidentPoints } from './resident-points.ts';
import { pack, type Uniform, type ValuesOf } from './struct.ts';
import { bindSumSlices, sumSlicesSource } from './sum-slices.ts';

export async function openMixture(
  gpu: Gpu,
  points: ResidentPoints,
  k: number,
  shape: GaussiansShape,
  signal: AbortSignal | undefined,
): Promise<GpuMixture> {
  const { n, d } = points.summary;
  const layout = layoutOf(k, d, shape);
  const plan = mixtureWorkPlan(n, k, d, shape, layout.cells, gpu.bindingLimit);
  const needed = 4 * Math.max(2 * layout.cells, layout.modelFloats);
  if (needed > gpu.bindingLimit) {
    throw new RangeError(`${k} components of ${d} features need larger bindings than ${gpu.bindingLimit} bytes`);
  }
  const kernels = await gpu.kernels(mixtureSources(points.load, k, d, plan));
  return gpu.allocate((allocation) => new GpuMixture(gpu, allocation, points, layout, plan, kernels, signal), signal);
}

/** The kernels of an E-step, with their constants. */
export function mixtureSources(LOAD: Load, k: number, d: number, plan: MixtureWorkPlan) {
  const EXACT = d <= LARGEST_EXACT;
  const sumSlices = sumSlicesSource(plan.sumSlices);
  if (plan.kind === 'axes') {
    const { LANES, TC, TF, GROUPS, RUN } = plan;
    return {
      sumSlices,
      densities: densitiesSource(LOAD, k, 'axes'),
      answers: sourceOf(answersKernel, { LOAD, LANES }),
      axes: sourceOf(axesMomentsKernel, { LOAD, TC, TF, GROUPS, RUN }),
    };
  }
  const { THREADS } = plan;
  if (plan.kind === 'narrow') return { sumSlices, moments: sourceOf(matricesNarrowKernel, { LOAD, THREADS }) };
  if (plan.inStorage) return { sumSlices, stored: sourceOf(matricesStoredKernel, { LOAD, THREADS, EXACT }) };
  const kernel = plan.kept ? matricesKeptKernel : matricesWideKernel;
  return { sumSlices, moments: sourceOf(kernel, { LOAD, THREADS, EXACT, TILE: plan.TILE }) };
}

function taskOf(
  temperature: number,
  { weights }: PointsSummary,
  plan: MixtureWorkPlan,
  shared: boolean,
  about: number,
): ValuesOf<typeof TASK> {
  return {
    temperature,
    inverse: temperature === 0 ? 0 : 1 / temperature,
    weighted: weights === null ? 0 : 1,
    is_shared: shared ? 1 : 0,
    rows: plan.kind === 'matrices' ? plan.ROWS : 0,
    tile: plan.kind === 'matrices' ? plan.TILE : 0,
    about,
  };
}

interface Span {
  readonly dispatches: readonly Dispatch[];
  readonly work: number;
}

/** See `EngineDataset.mixture`. */
export class GpuMixture implements MixtureWorkspace {
  readonly #gpu: Gpu;
  readonly #allocation: Allocation;
  readonly #points: ResidentPoints;
  readonly #layout: MixtureLayout;
  readonly #plan: MixtureWorkPlan;
  readonly #queue: Queue;
  readonly #model: GPUBuffer;
  readonly #task: Uniform<typeof TASK>;
  readonly #totals: GPUBuffer;
  /** The largest exponent and the sum of exponentials of a row, and its label: of each shard. */
  readonly #answers: readonly GPUBuffer[];
  readonly #labels: readonly GPUBuffer[];
  readonly #spans: readonly Span[];
  readonly #signal: AbortSignal | undefined;
  /** Absent where two models have no room in a binding. */
  readonly moments: MixtureWorkspace['moments'];
  /** Of the last E-step; `offset` is what the logarithms on the device lack. */
  #last: {
    readonly temperature: number;
    readonly offset: number;
    readonly logLikelihood: number;
    readonly far: readonly FarRow[];
  } = { temperature: 1, offset: 0, logLikelihood: 0, far: [] };

  constructor(
    gpu: Gpu,
    allocation: Allocation,
    points: ResidentPoints,
    layout: MixtureLayout,
    plan: MixtureWorkPlan,
    kernels: Compiled<ReturnType<typeof mixtureSources>>,
    signal: AbortSignal | undefined,
  ) {
    const { shards, summary } = points;
    const { k, cells } = layout;
    this.#gpu = gpu;
    this.#allocation = allocation;
    this.#points = points;
    this.#signal = signal;
    this.#layout = layout;
    this.#plan = plan;
    this.#queue = new Queue(gpu, allocation, points);
    const hasRoom = 2 * layout.modelFloats * 4 <= gpu.bindingLimit;
    this.moments = hasRoom ? (about) => this.#momentsAbout(about) : undefined;
    this.#model = allocation.storage('mixture', (hasRoom ? 2 : 1) * layout.modelFloats * 4);
    this.#task = allocation.uniform(TASK, taskOf(1, summary, plan, false, 0));
    this.#totals = allocation.storage('totals', 2 * cells * 4);
    this.#answers = shards.map((shard) => allocation.storage('answers', shard.rows * 8));
    this.#labels = shards.map((shard) => allocation.storage('labels', shard.rows * 4));
    const halt = allocation.filled('halt', Uint32Array.of(0));
    const longest = Math.max(...plan.spans.map(({ slices }) => slices));
    const slots = allocation.storage('slots', longest * cells * 4);
    const moments = this.#momentsOf(kernels, longest, slots);
    const buffers = { slots, totals: this.#totals, halt };
    this.#spans = plan.spans.map(({ firstSlice, slices }, i) => {
      const start = firstSlice * plan.rows;
      const end = Math.min(summary.n, start + slices * plan.rows);
      const parts = cutParts(allocation, points, k, plan.rows, start, end);
      const summing = bindSumSlices(kernels.sumSlices, allocation, plan.sumSlices, cells, plan.spans, i, buffers);
      return { dispatches: [...parts.flatMap(moments), summing], work: slices * plan.rows * plan.workPerRow };
    });
  }

  /** What finds the answers and the moments of the rows of a part. */
  #momentsOf(
    kernels: Compiled<ReturnType<typeof mixtureSources>>,
    longestSpan: number,
    slots: GPUBuffer,
  ): (part: Part, nth: number, parts: readonly Part[]) => readonly Dispatch[] {
    if (kernels.axes !== undefined) return this.#axesOf(kernels, longestSpan, slots);
    const resourcesOf = (part: Part) => ({
      ...bindingsOf(part),
      model: this.#model,
      weights: part.shard.weights,
      answers: this.#answers[part.index],
      labels: this.#labels[part.index],
      slots,
      task: this.#task,
    });
    const slicesOf = ({ rows }: Part) => Math.ceil(rows / this.#plan.rows);
    if (kernels.moments !== undefined)
      return (part) => [kernels.moments.bind(resourcesOf(part), { slices: slicesOf(part) })];
    const tile = this.#plan.kind === 'matrices' ? this.#plan.TILE : 0;
    const scratch = this.#allocation.storage('tiles', longestSpan * tile * 16);
    return (part) => [kernels.stored.bind({ ...resourcesOf(part), scratch }, { slices: slicesOf(part) })];
  }

  /** Logarithms, then shares, of the rows of a span lie in memory between the kernels. */
  #axesOf(
    kernels: Extract<Compiled<ReturnType<typeof mixtureSources>>, { axes: unknown }>,
    longestSpan: number,
    slots: GPUBuffer,
  ): (part: Part, nth: number, parts: readonly Part[]) => readonly Dispatch[] {
    const { k } = this.#layout;
    const { d } = this.#points.summary;
    const rowBytes = 4 * sharesOfRow(k);
    const ofSpan = Math.min(this.#points.summary.n, longestSpan * this.#plan.rows);
    const all = this.#allocation.storage('shares', ofSpan * rowBytes);
    const notes = this.#allocation.storage('notes', (longestSpan * this.#plan.rows) / 8);
    return (part, nth, parts) => {
      const { rows } = part;
      const before = parts.slice(0, nth).reduce((sum, each) => sum + each.rows, 0);
      const shares = { buffer: all, offset: before * rowBytes, size: rows * rowBytes };
      const common = { ...bindingsOf(part), model: this.#model };
      const { densities, answers, axes } = kernels;
      return [
        densities.bind({ ...common, log_fours: shares }, { rows, k }),
        answers.bind(
          {
            ...bindingsOf(part),
            weights: part.shard.weights,
            answers: this.#answers[part.index],
            labels: this.#labels[part.index],
            shares,
            notes,
            task: this.#task,
          },
          { rows },
        ),
        axes.bind(
          { ...common, share_fours: shares, notes, slots, task: this.#task },
          { slices: Math.ceil(rows / this.#plan.rows), k, d },
        ),
      ];
    };
  }

  async accumulate(gaussians: Gaussians, temperature: number): Promise<MixtureStatistics> {
    const { weights, totalWeight } = this.#points.summary;
    const { values, used, offset } = this.#layout.pack(gaussians);
    this.#queue.write(this.#model, 0, values);
    const statistics = await this.#run(temperature, gaussians, 0);
    const far: FarRow[] = [];
    if (statistics.far > 0) {
      const labels = await readLabels(this.#queue, this.#points, this.#labels);
      const indices = Array.from(labels.keys()).filter((i) => labels[i] === FAR);
      far.push(...(await answerFar(this.#gpu, this.#points, indices, gaussians, temperature, this.#signal)));
    }
    addFar(statistics, far, used, weights);
    const weightOf = (i: number) => (weights === null ? 1 : weights[i]);
    const farWeight = far.reduce((sum, { index }) => sum + weightOf(index), 0);
    const farValues = far.reduce(
      (sum, { index, value }) => sum + (weightOf(index) > 0 ? weightOf(index) * value : 0),
      0,
    );
    const logLikelihood = statistics.logLikelihood + offset * (totalWeight - farWeight) + farValues;
    this.#last = { temperature, offset, logLikelihood, far };
    return { ...statistics, used, logLikelihood };
  }

  async #momentsAbout(about: Gaussians): Promise<MixtureStatistics> {
    const { modelFloats } = this.#layout;
    const { values, used } = this.#layout.pack(about);
    this.#queue.write(this.#model, modelFloats * 4, values);
    const { temperature, logLikelihood, far } = this.#last;
    const statistics = await this.#run(temperature, about, modelFloats / 4);
    addFar(statistics, far, used, this.#points.summary.weights);
    return { ...statistics, used, logLikelihood };
  }

  /** @param about where in the buffer the model begins that the moments are about; 0: that of the E-step, which is run */
  async #run(temperature: number, { shape }: Gaussians, about: number): Promise<UnpackedStatistics> {
    const task = taskOf(temperature, this.#points.summary, this.#plan, shape === 'shared', about);
    this.#queue.write(this.#task.buffer, 0, pack(TASK, task));
    for (const { dispatches, work } of this.#spans) {
      for (const dispatch of dispatches) dispatch.encode(this.#queue.pass);
      await this.#queue.spend(work, this.#signal);
    }
    const cells = new Float32Array(await this.#queue.read(this.#totals, 0, this.#layout.cells * 4));
    this.#signal?.throwIfAborted();
    return this.#layout.unpack(cells, 1 / this.#points.weightScale);
  }

  async labels(): Promise<Uint32Array> {
    const labels = await readLabels(this.#queue, this.#points, this.#labels);
    for (const { index, label } of this.#last.far) labels[index] = label;
    return labels;
  }

  async values(): Promise<Float64Array> {
    const { temperature, offset, far } = this.#last;
    const values = new Float64Array(this.#points.summary.n);
    for (const [i, { firstRow, rows }] of this.#points.shards.entries()) {
      const answers = new Float32Array(await this.#queue.read(this.#answers[i], 0, rows * 8));
      for (let row = 0; row < rows; row++) {
        const spread = temperature === 0 ? 0 : temperature * Math.log(answers[2 * row + 1]);
        values[firstRow + row] = offset + answers[2 * row] + spread;
      }
    }
    for (const { index, value } of far) values[index] = value;
    return values;
  }

  close(): void {
    this.#allocation.destroy();
  }
}

/** The kernel that tells log π·p, with its constants. */
export function densitiesSource(
  LOAD: Load,
  k: number,
  shape: GaussiansShape,
): KernelSource<typeof axesDensitiesKernel.bindings, 'rows' | 'k'> {
  if (shape === 'axes') return sourceOf(axesDensitiesKernel, { LOAD, TY: axesColumns(k) });
  return sourceOf(matricesDensitiesKernel, { LOAD, SHARED: shape === 'shared' });
}

/** See `EngineDataset.logDensities`: here they are less the largest offset. */
export async function logDensities(
  gpu: Gpu,
  points: ResidentPoints,
  gaussians: Gaussians,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const { k, d, shape } = gaussians;
  const layout = layoutOf(k, d, shape);
  const { values } = layout.pack(gaussians);
  const kernel = await gpu.kernel(densitiesSource(points.load, k, shape));
  const width = sharesOfRow(k);
  const task: PairsTask = {
    contents: values,
    k,
    width,
    // A row of results costs memory too, where a model is small.
    workPerRow: Math.max(64, values.length),
    bind: (part, model, log_fours) => kernel.bind({ ...bindingsOf(part), model, log_fours }, { rows: part.rows, k }),
  };
  const rows = await readPairs(gpu, points, task, start, end, signal);
  const logs = width === k ? rows : withoutFilling(rows, width, k);
  await replaceFar(gpu, points, gaussians, logs, start, signal);
  return logs;
}

/** Puts those of the host in place of logarithms of rows that are too far for float32: less the largest of the row. */
async function replaceFar(
  gpu: Gpu,
  points: ResidentPoints,
  gaussians: Gaussians,
  logs: Float32Array,
  start: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { k } = gaussians;
  const indices: number[] = [];
  for (let from = 0; from < logs.length; from += k) {
    let best = logs[from];
    for (let c = 1; c < k; c++) best = Math.max(best, logs[from + c]);
    if (best < FARTHEST) indices.push(start + from / k);
  }
  for (const { index, values } of await answerFar(gpu, points, indices, gaussians, 1, signal)) {
    const exact = logDensitiesAt(gaussians, values);
    const best = exact.reduce((a, b) => Math.max(a, b));
    exact.forEach((log, c) => void (logs[(index - start) * k + c] = Math.max(log - best, FARTHEST)));
  }
}

/** The first k of each `width` values. */
function withoutFilling(rows: Float32Array, width: number, k: number): Float32Array {
  const values = new Float32Array((rows.length / width) * k);
  for (let from = 0, to = 0; from < rows.length; from += width, to += k) values.set(rows.subarray(from, from + k), to);
  return values;
}
