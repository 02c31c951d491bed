import type { Steps } from '../../steps.ts';
import type { Node } from '../../tree.ts';
import { rowsOfTurn } from '../../turns.ts';
import type { DistancesOptions, ShardDistances } from '../distances.ts';
import type { Shard } from '../shard.ts';
import type { DistancesKernels } from './kernels.ts';

/** How many multiply-adds take as long as one of TypeScript's. */
const SPEED = 8;

/** Rows that are compared at once. */
const TILE = 4;

export class SimdClusterDistances implements ShardDistances {
  readonly #shard: Shard;
  readonly #kernels: DistancesKernels;
  readonly #options: DistancesOptions;
  readonly #labels: number;
  /** Four rows, and their norms. */
  readonly #scratch: number;
  /** Others in panels, their norms, and sums: made for so many others. */
  #room: { readonly m: number; readonly places: readonly number[] } | null = null;

  constructor(shard: Shard, kernels: DistancesKernels, options: DistancesOptions) {
    this.#shard = shard;
    this.#kernels = kernels;
    this.#options = options;
    const { memory, n, d } = shard;
    this.#labels = memory.allocate(4 * n);
    this.#scratch = memory.allocate(8 * TILE * (d + 1));
    memory.u32.set(options.labels, this.#labels / 4);
  }

  *sums(others: Float64Array): Steps<readonly Node[]> {
    const { d, memory, rowsAt, precise } = this.#shard;
    const { k, isRoot } = this.#options;
    const count = others.length / d;
    const m = TILE * Math.ceil(count / TILE);
    const [panels, norms, sums] = this.#placesFor(m);
    this.#place(others, panels, norms);
    const add = (start: number, end: number) =>
      this.#kernels.sumDistances(
        rowsAt,
        precise,
        d,
        start,
        end,
        panels,
        norms,
        m,
        this.#labels,
        isRoot,
        sums,
        this.#scratch,
      );
    const take = () => {
      const summed = memory.f64.subarray(sums / 8, sums / 8 + k * m);
      const taken = new Float64Array(count * k);
      for (let c = 0; c < k; c++)
        for (let other = 0; other < count; other++) taken[other * k + c] = summed[c * m + other];
      summed.fill(0);
      return taken;
    };
    return yield* this.#shard.sumOver(add, take, rowsOfTurn((m * d) / SPEED));
  }

  free(): void {
    for (const place of [this.#labels, this.#scratch, ...(this.#room?.places ?? [])]) this.#shard.memory.free(place);
  }

  #placesFor(m: number): readonly number[] {
    const { memory, d } = this.#shard;
    if (this.#room?.m !== m) {
      for (const place of this.#room?.places ?? []) memory.free(place);
      this.#room = null;
      const bytes = [8 * m * d, 8 * m, 8 * m * this.#options.k];
      this.#room = { m, places: memory.allOrNothing(() => bytes.map((size) => memory.allocate(size))) };
    }
    // Zeros where the sums of a call that ended early were.
    const [, , sums] = this.#room!.places;
    memory.f64.fill(0, sums / 8, sums / 8 + m * this.#options.k);
    return this.#room!.places;
  }

  #place(others: Float64Array, panels: number, norms: number): void {
    const { d, memory } = this.#shard;
    const { f64 } = memory;
    for (let at = 0, other = 0; at < others.length; other++) {
      const to = panels / 8 + (other - (other % TILE)) * d + (other % TILE);
      let norm = 0;
      for (let j = 0; j < d; j++, at++) {
        f64[to + TILE * j] = others[at];
        norm += others[at] * others[at];
      }
      f64[norms / 8 + other] = norm;
    }
  }
}
