import type { Steps } from '../../steps.ts';
import { rowsOfTurn } from '../../turns.ts';
import { type Shard, squaredDistance } from '../shard.ts';

/** What measures all distances of a shard's rows to centroids, term by term. */
export class PlainAllDistances {
  readonly #shard: Shard;

  constructor(shard: Shard) {
    this.#shard = shard;
  }

  /** Squared distances of the rows [start, end) to centroids [k, d]: [(end − start)·k]. */
  *distances(centroids: Float64Array, start: number, end: number): Steps<Float64Array> {
    const { d } = this.#shard;
    const k = centroids.length / d;
    const distances = new Float64Array((end - start) * k);
    const pause = rowsOfTurn(centroids.length);
    for (let from = start; from < end; from += pause) {
      const { rows } = this.#shard;
      for (let i = from, at = (from - start) * k; i < Math.min(end, from + pause); i++) {
        for (let c = 0; c < k; c++) distances[at++] = squaredDistance(rows, i * d, centroids, c * d, d);
      }
      yield;
    }
    return distances;
  }

  free(): void {}
}
