import type { RowValues } from '../../points.ts';
import type { Steps } from '../../steps.ts';
import { BLOCK, LANES } from '../kernels/kmeans/layout.ts';
import { ESTIMATE_BYTES, LOSSES, ROUGH_BLOCK, TERMS_BYTES } from '../kernels/seeding/layout.ts';
import { SLICE_ROWS } from '../plan.ts';
import type { EstimatedPotentials, RoughCandidates } from '../potentials.ts';
import type { Shard } from '../shard.ts';
import type { SeedingKernels } from './kernels.ts';
import { SimdPotentials } from './potentials.ts';

/** Multiply-adds of a row's worth of so many slices pass between two looks at the clock, which take longer than small ones. */
const WORK_OF_LOOK = 2 ** 12;

export class SimdEstimatedPotentials extends SimdPotentials implements EstimatedPotentials {
  readonly #kernels: SeedingKernels;
  /**
   * Where rows lie as integers, marks of the last estimate [blocks, m], integers and terms of the candidates, a block, a row,
   * and a list of a slice: null before anything is estimated, empty where there is no room.
   */
  #places: readonly number[] | null = null;
  /** Number of candidates, as marks have it. */
  #stride = 0;

  constructor(shard: Shard, kernels: SeedingKernels) {
    const { extendNarrow, trialNarrow } = kernels;
    super(shard, shard.d <= LANES ? { ...kernels, extend: extendNarrow, trialDirect: trialNarrow } : kernels);
    this.#kernels = kernels;
  }

  override *extend(centres: RowValues, estimated?: number): Steps<Float64Array> {
    if (estimated === undefined || !this.#places?.length) return yield* super.extend(centres);
    const [, marks, , , , at, list] = this.#places;
    const m = this.#stride;
    const { n, d } = this.shard;
    const potentials = new Float64Array(Math.ceil(n / SLICE_ROWS));
    this.shard.memory.f32.set(centres, at / 4);
    return yield* this.#slices(potentials, d, (start, end) => {
      const { rowsAt, weightsAt } = this.shard;
      const marked = marks + (start / BLOCK) * m + estimated;
      const [{ extendMarked }, distances] = [this.#kernels, this.distances.byteOffset];
      const potential = extendMarked(rowsAt, weightsAt, d, start, end, at, distances, marked, m, list);
      potentials[start / SLICE_ROWS] = potential;
    });
  }

  *estimate(candidates: RoughCandidates): Steps<Float64Array> {
    this.#places ??= yield* this.#pack(candidates);
    if (this.#places.length === 0) return new Float64Array(0);
    const [rough, marks, integers, terms, scratch] = this.#places;
    const { memory, d } = this.shard;
    const { m, error, largest } = candidates;
    const sums = new Float64Array(2 * m);
    memory.i16.set(candidates.integers, integers / 2);
    memory.f32.set(candidates.terms, terms / 4);
    return yield* this.#slices(sums, m * d, (start, end) => {
      const { weightsAt } = this.shard;
      const block = start / BLOCK;
      const [blocks, marked] = [rough + block * bytesOfBlock(d), marks + block * m];
      const [{ estimate }, distances] = [this.#kernels, this.distances.byteOffset];
      estimate(blocks, weightsAt, d, start, end, integers, terms, m, error, largest, distances, marked, scratch);
      takeSums(memory.f32, terms / 4, sums);
    });
  }

  /** Rows as integers, and room for all else. */
  *#pack({ integers, terms, m }: RoughCandidates): Steps<readonly number[]> {
    const { n, d, memory, rowsAt } = this.shard;
    const blocks = Math.ceil(n / BLOCK);
    const others = [integers.byteLength, terms.byteLength, ESTIMATE_BYTES, 4 * d, 4 * SLICE_ROWS + 4];
    let places: readonly number[];
    try {
      const bytes = [bytesOfBlock(d) * blocks, m * blocks, ...others];
      places = memory.allOrNothing(() => bytes.map((size) => memory.allocate(size)));
    } catch {
      return [];
    }
    // For whoever frees this in the midst of it.
    this.#places = places;
    this.#stride = m;
    const [rough, , , , offsets] = places;
    return yield* this.#slices(places, d, (start, end) => {
      this.#kernels.packRough(rowsAt, d, start, end, offsets, rough + (start / BLOCK) * bytesOfBlock(d));
    });
  }

  override free(): void {
    super.free();
    for (const place of this.#places ?? []) this.shard.memory.free(place);
  }

  /** `result`, behind work on each slice. */
  *#slices<T>(result: T, workPerRow: number, work: (start: number, end: number) => void): Steps<T> {
    const { n } = this.shard;
    const rows = SLICE_ROWS * Math.ceil(WORK_OF_LOOK / workPerRow);
    for (let start = 0; start < n; start += SLICE_ROWS) {
      work(start, Math.min(n, start + SLICE_ROWS));
      if (start % rows === 0) yield;
    }
    return result;
  }
}

function bytesOfBlock(d: number): number {
  return ROUGH_BLOCK + 4 * BLOCK * Math.ceil(d / 2);
}

/** Adds up lanes of the candidates' terms, and clears them. */
function takeSums(f32: Float32Array, terms: number, sums: Float64Array): void {
  for (let sum = 0; sum < sums.length; sum++) {
    const from = terms + ((sum >> 1) * TERMS_BYTES + (sum & 1) * LOSSES) / 4;
    sums[sum] += f32[from] + f32[from + 1] + f32[from + 2] + f32[from + 3];
    f32.fill(0, from, from + 4);
  }
}
