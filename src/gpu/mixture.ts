import gridCode from '../../shaders/common/grid.wgsl?raw';
import pointsCode from '../../shaders/common/points.wgsl?raw';
import answerCode from '../../shaders/mixture/answer.wgsl?raw';
import axesCode from '../../shaders/mixture/axes.wgsl?raw';
import axesDensitiesCode from '../../shaders/mixture/axes-densities.wgsl?raw';
import axesMomentsCode from '../../shaders/mixture/axes-moments.wgsl?raw';
import matricesCode from '../../shaders/mixture/matrices.wgsl?raw';
import matricesDensitiesCode from '../../shaders/mixture/matrices-densities.wgsl?raw';
import matricesKeptCode from '../../shaders/mixture/matrices-kept.wgsl?raw';
import matricesMomentsCode from '../../shaders/mixture/matrices-moments.wgsl?raw';
import matricesNarrowCode from '../../shaders/mixture/matrices-narrow.wgsl?raw';
import matricesWideCode from '../../shaders/mixture/matrices-wide.wgsl?raw';
import sumsCode from '../../shaders/mixture/sums.wgsl?raw';
import tileStorageCode from '../../shaders/mixture/tile-storage.wgsl?raw';
import tileWorkgroupCode from '../../shaders/mixture/tile-workgroup.wgsl?raw';
import type { MixtureWorkspace } from '../engine/contract.ts';
import { type Gaussians, type GaussiansShape, logDensitiesAt } from '../engine/gaussians.ts';
import type { MixtureStatistics } from '../engine/statistics.ts';
import type { PointsSummary } from '../points.ts';
import type { ResidentPoints } from './dataset.ts';
import type { Allocation, Gpu } from './device.ts';
import { type Binding, type Kernel, kernelSource } from './kernel.ts';
import { addFar, answerFar, FAR, FARTHEST, type FarRow } from './mixture-far.ts';
import { layoutOf, type MixtureLayout, type UnpackedStatistics } from './mixture-layout.ts';
import { cutParts } from './part.ts';
import { LARGEST_EXACT, type MixtureWorkPlan, mixtureWorkPlan } from './plan.ts';
import { Queue } from './queue.ts';
import { readLabels, readPairs } from './read.ts';
import { bindSumSlices, compileSumSlices } from './sum-slices.ts';

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
  const [moments, sumSlices] = await Promise.all([
    gpu.kernel(momentsSource(points, plan)),
    compileSumSlices(gpu, plan.sumSlices),
  ]);
  return gpu.allocate(
    (allocation) => new GpuMixture(gpu, allocation, points, layout, plan, moments, sumSlices, signal),
    signal,
  );
}

const TASK_BYTES = 32;
const MOMENTS_BINDINGS: readonly Binding[] = [
  'uniform',
  'read',
  'read',
  'read',
  'read',
  'write',
  'write',
  'write',
  'uniform',
];

/** What differs between fits comes in a uniform, so that few kernels serve all. */
function momentsSource({ load: LOAD, summary: { d } }: ResidentPoints, plan: MixtureWorkPlan) {
  const { THREADS } = plan;
  const EXACT = d <= LARGEST_EXACT;
  const common = [pointsCode, gridCode, answerCode];
  if (plan.kind === 'axes') {
    return kernelSource('axes-moments', MOMENTS_BINDINGS, { LOAD, THREADS }, ...common, axesCode, axesMomentsCode);
  }
  if (plan.kind === 'narrow') {
    const files = [...common, matricesCode, sumsCode, matricesNarrowCode];
    return kernelSource('matrices-narrow', MOMENTS_BINDINGS, { LOAD, THREADS }, ...files);
  }
  return kernelSource(
    'matrices-moments',
    plan.inStorage ? [...MOMENTS_BINDINGS, 'write'] : MOMENTS_BINDINGS,
    plan.inStorage ? { LOAD, THREADS, EXACT } : { LOAD, THREADS, EXACT, TILE: plan.TILE },
    ...common,
    matricesCode,
    plan.inStorage ? tileStorageCode : tileWorkgroupCode,
    sumsCode,
    matricesMomentsCode,
    plan.kept ? matricesKeptCode : matricesWideCode,
  );
}

/** The struct Task of answer.wgsl. */
function taskOf(
  temperature: number,
  { weights }: PointsSummary,
  plan: MixtureWorkPlan,
  shared: boolean,
  about: number,
): ArrayBuffer {
  const task = new ArrayBuffer(TASK_BYTES);
  new Float32Array(task).set([temperature, temperature === 0 ? 0 : 1 / temperature]);
  const [rows, tile] = plan.kind === 'matrices' ? [plan.ROWS, plan.TILE] : [0, 0];
  const lanes = plan.kind === 'axes' ? plan.LANES : 0;
  new Uint32Array(task).set([weights === null ? 0 : 1, shared ? 1 : 0, rows, tile, lanes, about], 2);
  return task;
}

interface Span {
  readonly dispatches: readonly { kernel: Kernel; group: GPUBindGroup; workgroups: number }[];
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
  readonly #task: GPUBuffer;
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
    moments: Kernel,
    sumSlices: Kernel,
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
    this.#task = allocation.uniform('task', new Array(TASK_BYTES / 4).fill(0));
    this.#totals = allocation.storage('totals', 2 * cells * 4);
    this.#answers = shards.map((shard) => allocation.storage('answers', shard.rows * 8));
    this.#labels = shards.map((shard) => allocation.storage('labels', shard.rows * 4));
    const halt = allocation.filled('halt', Uint32Array.of(0));
    const longest = Math.max(...plan.spans.map(({ slices }) => slices));
    const slots = allocation.storage('slots', longest * cells * 4);
    const scratch =
      plan.kind === 'matrices' && plan.inStorage ? [allocation.storage('tiles', longest * plan.TILE * 16)] : [];
    this.#spans = plan.spans.map(({ firstSlice, slices }, i) => {
      const start = firstSlice * plan.rows;
      const end = Math.min(summary.n, start + slices * plan.rows);
      const dispatches = cutParts(allocation, points, k, plan.rows, start, end).map(
        ({ shard, index, rows, uniform }) => ({
          kernel: moments,
          group: moments.bind(
            uniform,
            shard.points,
            shard.adjust,
            this.#model,
            shard.weights,
            this.#answers[index],
            this.#labels[index],
            slots,
            this.#task,
            ...scratch,
          ),
          workgroups: Math.ceil(rows / plan.rows),
        }),
      );
      const summing = {
        kernel: sumSlices,
        group: bindSumSlices(sumSlices, allocation, plan.sumSlices, cells, plan.spans, i, slots, this.#totals, halt),
        workgroups: plan.sumSlices.workgroups,
      };
      return { dispatches: [...dispatches, summing], work: slices * plan.rows * plan.workPerRow };
    });
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
    this.#queue.write(this.#task, 0, task);
    for (const { dispatches, work } of this.#spans) {
      for (const { kernel, group, workgroups } of dispatches) kernel.encode(this.#queue.pass, group, workgroups);
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
  const axes = shape === 'axes';
  const constants = axes ? { LOAD: points.load } : { LOAD: points.load, SHARED: shape === 'shared' };
  const kernel = await gpu.kernel(
    kernelSource(
      axes ? 'axes-densities' : 'matrices-densities',
      ['uniform', 'read', 'read', 'read', 'write'],
      constants,
      pointsCode,
      gridCode,
      ...(axes ? [axesCode, axesDensitiesCode] : [matricesCode, matricesDensitiesCode]),
    ),
  );
  const task = { kernel, contents: values, k, threadsPerRow: axes ? Math.ceil(k / 4) : k, workPerRow: values.length };
  const logs = await readPairs(gpu, points, task, start, end, signal);
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
