import gridCode from '../../shaders/common/grid.wgsl?raw';
import pointsCode from '../../shaders/common/points.wgsl?raw';
import fieldExtendCode from '../../shaders/kmeans/field-extend.wgsl?raw';
import fieldSampleCode from '../../shaders/kmeans/field-sample.wgsl?raw';
import seedDrawCode from '../../shaders/kmeans/seed-draw.wgsl?raw';
import seedPriceCode from '../../shaders/kmeans/seed-price.wgsl?raw';
import type { DistanceField } from '../engine/contract.ts';
import type { ResidentPoints } from './dataset.ts';
import type { Allocation, Gpu } from './device.ts';
import { kernelSource } from './kernel.ts';
import { cutParts } from './part.ts';
import { Queue } from './queue.ts';

/** Rows of a slice in the seeding kernels. */
const SLICE_ROWS = 1024;

/** See `EngineDataset.plusPlus`: two dispatches a step, nothing comes home before the last one. */
export async function plusPlus(
  gpu: Gpu,
  points: ResidentPoints,
  k: number,
  L: number,
  draws: Float32Array,
  signal: AbortSignal | undefined,
): Promise<Uint32Array> {
  const { n, d, weights } = points.summary;
  const { load: LOAD } = points;
  const WEIGHTED = weights !== null;
  const priceSource = (START: boolean) =>
    kernelSource(
      'seed-price',
      ['uniform', 'read', 'read', 'read', 'write', 'read', 'read', 'write', 'uniform'],
      { LOAD, WEIGHTED, L, START },
      pointsCode,
      gridCode,
      seedPriceCode,
    );
  const [weigh, price, draw] = await Promise.all([
    gpu.kernel(priceSource(true)),
    gpu.kernel(priceSource(false)),
    gpu.kernel(
      kernelSource(
        'seed-draw',
        ['uniform', 'read', 'read', 'read', 'read', 'write', 'write', 'read', 'read', 'uniform'],
        { LOAD, WEIGHTED, L },
        pointsCode,
        seedDrawCode,
      ),
    ),
  ]);
  const slices = Math.ceil(n / SLICE_ROWS);
  const { allocation, picks, parts, steps, now } = await gpu.allocate((allocation) => {
    const candidates = allocation.storage('candidates', 2 * L * d * 4);
    const picks = allocation.storage('picks', (k + 1 + 2 * L) * 4);
    const prices = allocation.storage('prices', slices * L * 4);
    const numbers = allocation.filled('draws', draws);
    const steps = allocation.filled(
      'steps',
      Uint32Array.from({ length: 4 * (k + 1) }, (_, i) => [i / 4, slices, k, 0][i % 4]),
    );
    const now = allocation.uniform('step', [0, slices, k]);
    const parts = cutParts(allocation, points, k, SLICE_ROWS).map(({ shard, rows, uniform }) => {
      const distances = allocation.storage('distances', shard.rows * 4);
      const read = [uniform, shard.points, shard.adjust, shard.weights, distances] as const;
      return {
        rows,
        weigh: weigh.bind(...read, candidates, picks, prices, now),
        price: price.bind(...read, candidates, picks, prices, now),
        draw: draw.bind(...read, candidates, picks, prices, numbers, now),
      };
    });
    return { allocation, picks, parts, steps, now };
  }, signal);
  try {
    const queue = new Queue(gpu, allocation, points);
    for (const part of parts) weigh.encode(queue.pass, part.weigh, Math.ceil(part.rows / SLICE_ROWS));
    for (let step = 0; step <= k; step++) {
      queue.copy(steps, 16 * step, now, 0, 16);
      for (const part of parts) draw.encode(queue.pass, part.draw, L);
      if (step === k) break;
      for (const part of parts) price.encode(queue.pass, part.price, Math.ceil(part.rows / SLICE_ROWS));
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
    this.#totals = allocation.storage('field totals', Math.ceil(points.summary.n / SLICE_ROWS) * 4);
  }

  async extend(centroids: Float64Array): Promise<number> {
    const { n, d, weights } = this.#points.summary;
    const { load: LOAD, weightScale } = this.#points;
    const constants = { LOAD, WEIGHTED: weights !== null, FRESH: this.#fresh };
    const kernel = await this.#gpu.kernel(
      kernelSource(
        'field-extend',
        ['uniform', 'read', 'read', 'read', 'read', 'write', 'write'],
        constants,
        pointsCode,
        gridCode,
        fieldExtendCode,
      ),
    );
    const m = centroids.length / d;
    const allocation = await this.#gpu.allocate((allocation) => {
      const targets = allocation.filled('centroids', Float32Array.from(centroids));
      for (const { shard, index, rows, uniform } of cutParts(allocation, this.#points, m, SLICE_ROWS)) {
        const read = [uniform, shard.points, shard.adjust, shard.weights, targets] as const;
        const group = kernel.bind(...read, this.#distances[index], this.#totals);
        kernel.encode(this.#queue.pass, group, Math.ceil(rows / SLICE_ROWS));
      }
      return allocation;
    });
    this.#fresh = false;
    try {
      await this.#queue.spend(n * m * d);
      const totals = new Float32Array(await this.#queue.read(this.#totals, 0, Math.ceil(n / SLICE_ROWS) * 4));
      return totals.reduce((sum, value) => sum + value, 0) / weightScale;
    } finally {
      allocation.destroy();
    }
  }

  async sample(factor: number, seed: number): Promise<Uint32Array> {
    this.#queue.check();
    const { n, weights } = this.#points.summary;
    const { load: LOAD, weightScale } = this.#points;
    const kernel = await this.#gpu.kernel(
      kernelSource(
        'field-sample',
        ['uniform', 'read', 'read', 'read', 'read', 'write', 'uniform'],
        { LOAD, WEIGHTED: weights !== null },
        pointsCode,
        gridCode,
        fieldSampleCode,
      ),
    );
    const words = Math.ceil(n / 32);
    const { allocation, drawn } = await this.#gpu.allocate((allocation) => {
      const drawn = allocation.storage('drawn', words * 4);
      const [factorBits] = new Uint32Array(Float32Array.of(factor / weightScale).buffer);
      const draw = allocation.uniform('draw', [factorBits, seed]);
      for (const { shard, index, rows, uniform } of cutParts(allocation, this.#points, 1, SLICE_ROWS)) {
        const read = [uniform, shard.points, shard.adjust, shard.weights, this.#distances[index]] as const;
        const group = kernel.bind(...read, drawn, draw);
        kernel.encode(this.#queue.pass, group, Math.ceil(rows / 2048));
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
