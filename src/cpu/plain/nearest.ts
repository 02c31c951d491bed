import type { Nearest } from '../../engine/contract.ts';
import { Least } from '../../engine/least.ts';
import type { Steps } from '../../steps.ts';
import { rowsOfTurn } from '../../turns.ts';
import type { NearestFinder, NearestOptions } from '../nearest.ts';
import { type Shard, squaredDistance } from '../shard.ts';

/** By all squared distances, term by term in float64: what is nearest is defined by them. */
export class PlainNearest implements NearestFinder {
  protected readonly shard: Shard;
  protected readonly k: number;
  protected readonly count: number;
  protected readonly least: Least;

  constructor(shard: Shard, { k, count }: NearestOptions) {
    this.shard = shard;
    this.k = k;
    this.count = count;
    this.least = new Least(count);
  }

  *nearest(centroids: Float64Array): Steps<Nearest> {
    const { count, least } = this;
    const { n } = this.shard;
    const indices = new Uint32Array(n * count);
    const squares = new Float64Array(n * count);
    const offer = yield* this.open(centroids);
    const pause = rowsOfTurn(centroids.length);
    for (let row = 0; row < n; row++) {
      offer(row);
      least.take(indices, squares, row * count);
      if (row % pause === pause - 1) yield;
    }
    return { indices, squares };
  }

  free(): void {}

  /** What offers all centroids that might be among the nearest of a row; rows come in sequence. */
  protected *open(centroids: Float64Array): Steps<(row: number) => void> {
    const { shard, k, least } = this;
    const { d } = shard;
    return (row) => {
      const { rows } = shard;
      for (let c = 0; c < k; c++) least.offer(squaredDistance(rows, row * d, centroids, c * d, d), c);
    };
  }
}
