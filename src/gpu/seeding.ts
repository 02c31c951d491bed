import type { DistanceField } from '../engine/contract.ts';
import type { Allocation, Gpu } from './device.ts';
import { sourceOf } from './kernel.ts';
import {
  DRAW,
  fieldExtendKernel,
  fieldSampleKernel,
  SEED_ROWS,
  STEP,
  seedDrawKernel,
  seedPriceKernel,
} from './kernels/seeding.ts';
import { bindingsOf, cutParts, encodeRows } from './part.ts';
import { Queue } from './queue.ts';
import { fineOf } from './read.ts';
import type { Load, ResidentPoints } from './resident-points.ts';
import { packAll } from './struct.ts';

/** The kernels of k-means++ with L candidates a step, with their constants. */
export function plusPlusSources(LOAD: Load, WEIGHTED: boolean, L: number) {
  const constants = { LOAD, WEIGHTED, L };
  return {
    weigh: sourceOf(seedPriceKernel, { ...constants, START: true }),
    price: sourceOf(seedPriceKernel, { ...constants, START: false }),
    draw: sourceOf(seedDrawKernel, constants),
  };
}

/** See `EngineDataset.plusPlus`: two dispatches a step, nothing is read back before the last one. */
export async function plusPlus(
  gpu: Gpu,
  points: ResidentPoints,
  k: number,
  L: number,
  draws: Float32Array,
  signal: AbortSignal | undefined,
): Promise<Uint32Array> {
  const { n, d, weights } = points.summary;
  const kernels = await gpu.kernels(plusPlusSources(points.load, weights !== null, L));
  const slices = Math.ceil(n / SEED_ROWS);
  const { allocation, picks, parts, steps, now } = await gpu.allocate((allocation) => {
    const candidates = allocation.storage('candidates', 2 * L * d * 4);
    const picks = allocation.storage('picks', (k + 1 + 2 * L) * 4);
    const prices = allocation.storage('prices', slices * L * 4);
    const numbers = allocation.filled('draws', draws);
    const steps = allocation.filled(
      'steps',
      packAll(
        STEP,
        Array.from({ length: k + 1 }, (_, step) => ({ step, slices, k })),
      ),
    );
    const now = allocation.uniform(STEP, { step: 0, slices, k });
    const parts = cutParts(allocation, points, k, SEED_ROWS).map((part) => {
      const { shard, rows } = part;
      const distances = allocation.storage('distances', shard.rows * 4);
      const { weights } = shard;
      const resources = { ...bindingsOf(part), weights, distances, candidates, picks, prices, now };
      return {
        weigh: kernels.weigh.bind(resources, { rows }),
        price: kernels.price.bind(resources, { rows }),
        draw: kernels.draw.bind({ ...resources, draws: numbers }, {}),
      };
    });
    return { allocation, picks, parts, steps, now };
  }, signal);
  try {
    const queue = new Queue(gpu, allocation, points);
    for (const { weigh } of parts) weigh.encode(queue.pass);
    for (let step = 0; step <= k; step++) {
      queue.copy(steps, STEP.bytes * step, now.buffer, 0, STEP.bytes);
      for (const { draw } of parts) draw.encode(queue.pass);
      if (step === k) break;
      for (const { price } of parts) price.encode(queue.pass);
      await queue.spend(n * d * (L + 1));
    }
    return new Uint32Array(await queue.read(picks, 0, k * 4));
  } finally {
    allocation.destroy();
  }
}

/** The squared distances that k-means‖ samples from, a value a row. */
export async function openDistanceField(
  gpu: Gpu,
  points: ResidentPoints,
  signal: AbortSignal | undefined,
): Promise<GpuDistanceField> {
  return gpu.allocate((allocation) => new GpuDistanceField(gpu, allocation, points), signal);
}

export class GpuDistanceField implements DistanceField {
  readonly #gpu: Gpu;
  readonly #allocation: Allocation;
  readonly #points: ResidentPoints;
  readonly #queue: Queue;
  readonly #distances: readonly GPUBuffer[];
  readonly #totals: GPUBuffer;
  #fresh = true;

  constructor(gpu: Gpu, allocation: Allocation, points: ResidentPoints) {
    this.#gpu = gpu;
    this.#allocation = allocation;
    this.#points = points;
    this.#queue = new Queue(gpu, allocation, points);
    this.#distances = points.shards.map((shard) => allocation.storage('distances', shard.rows * 4));
    this.#totals = allocation.storage('field totals', Math.ceil(points.summary.n / SEED_ROWS) * 4);
  }

  async extend(centroids: Float64Array): Promise<number> {
    const { n, d, weights } = this.#points.summary;
    const { load: LOAD, weightScale } = this.#points;
    const { contents, FINE } = fineOf(centroids);
    const constants = { LOAD, WEIGHTED: weights !== null, FRESH: this.#fresh, FINE };
    const m = centroids.length / d;
    const subgroups = this.#gpu.subgroupsOf(this.#gpu.usualFor(d).subgroups);
    const kernel = await this.#gpu.kernel(sourceOf(fieldExtendKernel, constants, subgroups));
    const { allocation, targets } = await this.#gpu.allocate((allocation) => ({
      allocation,
      targets: allocation.filled('centroids', contents),
    }));
    this.#fresh = false;
    try {
      await encodeRows(this.#queue, allocation, this.#points, {
        ...{ k: m, workPerRow: m * d, sliceRows: SEED_ROWS },
        bind: (part) => {
          const { shard, index, rows } = part;
          const resources = {
            ...bindingsOf(part),
            weights: shard.weights,
            centroids: targets,
            distances: this.#distances[index],
            totals: this.#totals,
          };
          return kernel.bind(resources, { rows });
        },
      });
      const totals = new Float32Array(await this.#queue.read(this.#totals, 0, Math.ceil(n / SEED_ROWS) * 4));
      return totals.reduce((sum, value) => sum + value, 0) / weightScale;
    } finally {
      allocation.destroy();
    }
  }

  async sample(factor: number, seed: number): Promise<Uint32Array> {
    this.#queue.check();
    const { n, weights } = this.#points.summary;
    const { load: LOAD, weightScale } = this.#points;
    const kernel = await this.#gpu.kernel(sourceOf(fieldSampleKernel, { LOAD, WEIGHTED: weights !== null }));
    const words = Math.ceil(n / 32);
    const { allocation, drawn } = await this.#gpu.allocate((allocation) => {
      const drawn = allocation.storage('drawn', words * 4);
      const draw = allocation.uniform(DRAW, { factor: factor / weightScale, seed });
      for (const part of cutParts(allocation, this.#points, 1, SEED_ROWS)) {
        const { shard, index, rows } = part;
        const distances = this.#distances[index];
        const resources = { ...bindingsOf(part), weights: shard.weights, distances, drawn, draw };
        kernel.bind(resources, { rows }).encode(this.#queue.pass);
      }
      return { allocation, drawn };
    });
    try {
      return setBits(new Uint32Array(await this.#queue.read(drawn, 0, words * 4)));
    } finally {
      allocation.destroy();
    }
  }

  /** The squared distances of all rows: Float32Array [n]. */
  async read(): Promise<Float32Array> {
    const { summary, shards } = this.#points;
    const distances = new Float32Array(summary.n);
    for (const [i, { firstRow, rows }] of shards.entries()) {
      distances.set(new Float32Array(await this.#queue.read(this.#distances[i], 0, rows * 4)), firstRow);
    }
    return distances;
  }

  destroy(): void {
    this.#allocation.destroy();
  }
}

function setBits(words: Uint32Array): Uint32Array {
  const indices: number[] = [];
  for (let w = 0; w < words.length; w++) {
    for (let rest = words[w]; rest !== 0; rest &= rest - 1) indices.push(32 * w + 31 - Math.clz32(rest & -rest));
  }
  return Uint32Array.from(indices);
}
