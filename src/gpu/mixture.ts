import type { MixtureWorkspace } from '../engine/contract.ts';
import { type Gaussians, type GaussiansShape, logDensitiesAt } from '../engine/gaussians.ts';
import type { MixtureStatistics } from '../engine/statistics.ts';
import type { PointsSummary } from '../points.ts';
import type { Allocation, Compiled, Gpu } from './device.ts';
import { type Dispatch, type Subgroups, sourceOf } from './kernel.ts';
import {
  answersKernel,
  axesDensitiesKernel,
  axesMomentsKernel,
  matricesDensitiesKernel,
  matricesMomentsKernel,
  matricesNarrowKernel,
  matricesWhitenedKernel,
  TASK,
} from './kernels/mixture.ts';
import { addFar, answerFar, FAR, FARTHEST, type FarRow } from './mixture-far.ts';
import { layoutOf, type MixtureLayout, type Packed, type UnpackedStatistics } from './mixture-layout.ts';
import { bindingsOf, cutParts, type Part } from './part.ts';
import { Passes } from './passes.ts';
import {
  axesTile,
  heldOfRow,
  LARGEST_EXACT,
  type MixtureWorkPlan,
  mixtureWorkPlan,
  sharesOfRow,
  whitenedOfRow,
  whiteningTile,
} from './plan.ts';
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
  const plan = mixtureWorkPlan(n, k, d, shape, layout.cells, gpu.bindingLimit, gpu.isTall);
  const needed = 4 * Math.max(2 * layout.cells, layout.modelFloats, plan.rows * heldOfRow(plan.kind, k, d));
  if (needed > gpu.bindingLimit) {
    throw new RangeError(`${k} components of ${d} features need larger bindings than ${gpu.bindingLimit} bytes`);
  }
  const subgroups = gpu.subgroupsOf(gpu.usualFor(d).subgroups);
  const kernels = await gpu.kernels(mixtureSources(points.load, k, d, shape, plan, subgroups));
  return gpu.allocate((allocation) => new GpuMixture(gpu, allocation, points, layout, plan, kernels, signal), signal);
}

/** The kernels of an E-step, with their constants. */
export function mixtureSources(
  LOAD: Load,
  k: number,
  d: number,
  shape: GaussiansShape,
  plan: MixtureWorkPlan,
  subgroups: Subgroups,
) {
  const sumSlices = sumSlicesSource(plan.sumSlices);
  const SHARED = shape === 'shared';
  if (plan.kind === 'narrow')
    return { sumSlices, narrow: sourceOf(matricesNarrowKernel, { LOAD, D: d, SHARED }, subgroups) };
  const answers = sourceOf(answersKernel, { LOAD }, subgroups);
  if (plan.kind === 'axes') {
    const { FEATURES, TC, TF, GROUPS, RUN } = plan;
    return {
      sumSlices,
      answers,
      densities: axesDensities(LOAD, k, d),
      axes: sourceOf(axesMomentsKernel, { LOAD, FEATURES, TC, TF, GROUPS, RUN }),
    };
  }
  const { TX, TY, SIDE, BLOCKS, GROUPS, RUN } = plan;
  return {
    sumSlices,
    answers,
    densities: matricesDensities(LOAD, d, SHARED),
    whitened: sourceOf(matricesWhitenedKernel, { LOAD, SHARED, EXACT: d <= LARGEST_EXACT, TX, TY }),
    matrices: sourceOf(matricesMomentsKernel, { LOAD, SHARED, SIDE, BLOCKS, GROUPS, RUN }),
  };
}

type Kernels = Compiled<ReturnType<typeof mixtureSources>>;

function taskOf(temperature: number, { weights }: PointsSummary, about: number): ValuesOf<typeof TASK> {
  return {
    temperature,
    inverse: temperature === 0 ? 0 : 1 / temperature,
    weighted: weights === null ? 0 : 1,
    about,
  };
}

/** What finds the answers and the moments of the rows of a part, which is the nth of some. */
type DispatchesOf = (part: Part, nth: number, parts: readonly Part[]) => readonly Dispatch[];

/** Where bindings may begin, in every implementation. */
const ALIGNMENT = 256;

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
  readonly #pass: Passes;
  /** Of moments about another model than the answers are of. */
  readonly #aboutPass: Passes;
  /** Where another model begins: see Task.about. */
  readonly #aboutByte: number;
  readonly #signal: AbortSignal | undefined;
  /** Absent where two models have no room in a binding. */
  readonly moments: MixtureWorkspace['moments'];
  changed = true;
  /** Of the last E-step; `offset` is what the logarithms on the device lack, `labels` are there where some rows are far. */
  #last: {
    readonly temperature: number;
    readonly offset: number;
    readonly logLikelihood: number;
    readonly far: readonly FarRow[];
    readonly labels: Uint32Array | null;
  } = { temperature: 1, offset: 0, logLikelihood: 0, far: [], labels: null };

  constructor(
    gpu: Gpu,
    allocation: Allocation,
    points: ResidentPoints,
    layout: MixtureLayout,
    plan: MixtureWorkPlan,
    kernels: Kernels,
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
    const modelBytes = 4 * layout.modelFloats;
    this.#aboutByte = ALIGNMENT * Math.ceil(modelBytes / ALIGNMENT);
    const both = this.#aboutByte + modelBytes;
    const hasRoom = both <= gpu.bindingLimit;
    this.moments = hasRoom ? (about) => this.#momentsAbout(about) : undefined;
    this.#model = allocation.storage('mixture', hasRoom ? both : modelBytes);
    this.#task = allocation.uniform(TASK, taskOf(1, summary, 0));
    this.#totals = allocation.storage('totals', 2 * cells * 4);
    this.#answers = shards.map((shard) => allocation.storage('answers', shard.rows * 8));
    this.#labels = shards.map((shard) => allocation.storage('labels', shard.rows * 4));
    const halt = allocation.filled('halt', Uint32Array.of(0));
    const { slices, rows, longest, sumSlices } = plan;
    const slots = allocation.storage('slots', Math.min(longest, slices) * cells * 4);
    const dispatchesOf = this.#dispatchesOf(kernels, slots);
    const buffers = { slots, totals: this.#totals, halt };
    const passOf = (isAbout: boolean) => {
      const dispatches = dispatchesOf(isAbout);
      return new Passes(allocation, plan, {
        piece({ firstSlice, slices }, origin) {
          const end = Math.min(summary.n, (firstSlice + slices) * rows);
          const parts = cutParts(allocation, points, k, rows, firstSlice * rows, end, origin * rows);
          return parts.flatMap(dispatches);
        },
        end: (spans, nth) => [bindSumSlices(kernels.sumSlices, allocation, sumSlices, cells, spans, nth, buffers)],
      });
    };
    this.#pass = passOf(false);
    this.#aboutPass = kernels.matrices === undefined ? this.#pass : passOf(true);
  }

  /** @returns what an E-step dispatches, or what does for moments about another model */
  #dispatchesOf(kernels: Kernels, slots: GPUBuffer): (isAbout: boolean) => DispatchesOf {
    const model = this.#model;
    const task = this.#task;
    const slicesOf = ({ rows }: Part) => Math.ceil(rows / this.#plan.rows);
    const ofRows = (part: Part) => ({
      ...bindingsOf(part),
      weights: part.shard.weights,
      answers: this.#answers[part.index],
      labels: this.#labels[part.index],
      task,
    });
    if (kernels.narrow !== undefined) {
      return () => (part) => [kernels.narrow.bind({ ...ofRows(part), model, slots }, { slices: slicesOf(part) })];
    }
    const { k } = this.#layout;
    const { d } = this.#points.summary;
    const sharesIn = this.#held('shares', sharesOfRow(k));
    const { longest, slices, rows } = this.#plan;
    const notes = this.#allocation.storage('notes', (Math.min(longest, slices) * rows) / 4);
    const answersOf = (part: Part, shares: GPUBufferBinding) =>
      kernels.answers.bind({ ...ofRows(part), share_fours: shares, notes }, part);
    if (kernels.axes !== undefined) {
      const { densities, axes } = kernels;
      return () =>
        (...place) => {
          const [part] = place;
          const shares = sharesIn(...place);
          const common = { ...bindingsOf(part), model };
          return [
            densities.bind({ ...common, log_fours: shares }, { rows: part.rows, k }),
            answersOf(part, shares),
            axes.bind({ ...common, share_fours: shares, notes, slots, task }, { slices: slicesOf(part), k, d }),
          ];
        };
    }
    const { densities, whitened: whitening, matrices } = kernels;
    const whitenedIn = this.#held('whitened', whitenedOfRow(k, d));
    return (isAbout) =>
      (...place) => {
        const [part] = place;
        const shares = sharesIn(...place);
        const whitened = whitenedIn(...place);
        const common = { ...bindingsOf(part), logs: shares };
        const sizes = { rows: part.rows, k };
        const under = isAbout ? { buffer: model, offset: this.#aboutByte } : model;
        return [
          whitening.bind({ ...common, model: under, whitened }, sizes),
          // Logarithms under the other model are in the way, until those that are asked for take their place.
          ...(isAbout ? [densities.bind({ ...common, model }, sizes)] : []),
          answersOf(part, shares),
          matrices.bind({ ...bindingsOf(part), whitened, shares, notes, slots }, { slices: slicesOf(part), k, d }),
        ];
      };
  }

  /** A buffer for what rows of a piece have in memory between kernels, and where that of a part is. */
  #held(label: string, floatsOfRow: number) {
    const rowBytes = 4 * floatsOfRow;
    const rows = Math.min(this.#points.summary.n, this.#plan.held * this.#plan.rows);
    const buffer = this.#allocation.storage(label, rows * rowBytes);
    return (part: Part, nth: number, parts: readonly Part[]): GPUBufferBinding => {
      const before = parts.slice(0, nth).reduce((sum, each) => sum + each.rows, 0);
      return { buffer, offset: before * rowBytes, size: part.rows * rowBytes };
    };
  }

  async accumulate(gaussians: Gaussians, temperature: number): Promise<MixtureStatistics> {
    const { weights, totalWeight } = this.#points.summary;
    const packed = this.#layout.pack(gaussians);
    const { used, offset } = packed;
    const { far: farther, moved: relabelled, ...statistics } = await this.#run(temperature, packed, 0);
    const before = this.#last;
    const isRead = farther > 0 || before.labels !== null;
    const labels = isRead ? await readLabels(this.#queue, this.#points, this.#labels) : null;
    const indices = labels === null ? [] : Array.from(labels.keys()).filter((i) => labels[i] === FAR);
    const far = await answerFar(this.#gpu, this.#points, indices, gaussians, temperature, this.#signal);
    for (const { index, label } of far) labels![index] = label;
    addFar(statistics, far, used, weights);
    const weightOf = (i: number) => (weights === null ? 1 : weights[i]);
    const farWeight = far.reduce((sum, { index }) => sum + weightOf(index), 0);
    const farValues = far.reduce(
      (sum, { index, value }) => sum + (weightOf(index) > 0 ? weightOf(index) * value : 0),
      0,
    );
    const logLikelihood = statistics.logLikelihood + offset * (totalWeight - farWeight) + farValues;
    // To the device all far rows have one label: one that becomes far counts, whatever it is to the host.
    const moved =
      labels === null || before.labels === null
        ? relabelled > 0
        : labels.some((label, i) => label !== before.labels![i]);
    this.changed = moved || temperature !== 0 || before.temperature !== 0;
    this.#last = { temperature, offset, logLikelihood, far, labels: farther > 0 ? labels : null };
    return { ...statistics, used, logLikelihood };
  }

  async #momentsAbout(about: Gaussians): Promise<MixtureStatistics> {
    const packed = this.#layout.pack(about);
    const { used } = packed;
    const { temperature, logLikelihood, far } = this.#last;
    const statistics = await this.#run(temperature, packed, this.#aboutByte);
    addFar(statistics, far, used, this.#points.summary.weights);
    return { ...statistics, used, logLikelihood };
  }

  /** @param about the byte of the buffer at which the model begins that the moments are about; 0: that of the E-step, which is run */
  async #run(temperature: number, { values, unpack }: Packed, about: number): Promise<UnpackedStatistics> {
    this.#queue.write(this.#model, about, values);
    const task = taskOf(temperature, this.#points.summary, about / 16);
    this.#queue.write(this.#task.buffer, 0, pack(TASK, task));
    await (about === 0 ? this.#pass : this.#aboutPass).encode(this.#queue, this.#signal);
    const cells = new Float32Array(await this.#queue.read(this.#totals, 0, this.#layout.cells * 4));
    this.#signal?.throwIfAborted();
    return unpack(cells, 1 / this.#points.weightScale);
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

/** The kernels that tell log π·p, with their constants. */
export function axesDensities(LOAD: Load, k: number, d: number) {
  return sourceOf(axesDensitiesKernel, { LOAD, ...axesTile(k, d) });
}

export function matricesDensities(LOAD: Load, d: number, SHARED: boolean) {
  return sourceOf(matricesDensitiesKernel, { LOAD, SHARED, EXACT: d <= LARGEST_EXACT, ...whiteningTile(d) });
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
  const bind = await bindingOf(gpu, points.load, gaussians);
  const width = sharesOfRow(k);
  const task: PairsTask = {
    contents: values,
    k,
    width,
    // A row of results costs memory too, where a model is small.
    workPerRow: Math.max(64, values.length),
    bind,
  };
  const rows = await readPairs(gpu, points, task, start, end, signal);
  const logs = width === k ? rows : withoutFilling(rows, width, k);
  await replaceFar(gpu, points, gaussians, logs, start, signal);
  return logs;
}

async function bindingOf(gpu: Gpu, load: Load, { k, d, shape }: Gaussians): Promise<PairsTask['bind']> {
  if (shape === 'axes') {
    const kernel = await gpu.kernel(axesDensities(load, k, d));
    return (part, model, log_fours) => kernel.bind({ ...bindingsOf(part), model, log_fours }, { rows: part.rows, k });
  }
  const kernel = await gpu.kernel(matricesDensities(load, d, shape === 'shared'));
  return (part, model, logs) => kernel.bind({ ...bindingsOf(part), model, logs }, { rows: part.rows, k });
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
