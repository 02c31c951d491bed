import type { Steps } from '../../steps.ts';
import type { Node } from '../../tree.ts';
import { rowsOfTurn } from '../../turns.ts';
import type { DistancesOptions, ShardDistances } from '../distances.ts';
import { type Shard, squaredDistance } from '../shard.ts';

export class PlainClusterDistances implements ShardDistances {
  readonly #shard: Shard;
  readonly #options: DistancesOptions;

  constructor(shard: Shard, options: DistancesOptions) {
    this.#shard = shard;
    this.#options = options;
  }

  sums(others: Float64Array): Steps<readonly Node[]> {
    const { labels, k, isRoot } = this.#options;
    const { d } = this.#shard;
    const m = others.length / d;
    let sums = new Float64Array(m * k);
    const add = (start: number, end: number) => {
      const { rows } = this.#shard;
      for (let i = start; i < end; i++) {
        for (let other = 0, at = labels[i]; other < m; other++, at += k) {
          const square = squaredDistance(rows, i * d, others, other * d, d);
          sums[at] += isRoot ? Math.sqrt(square) : square;
        }
      }
    };
    const take = () => {
      const taken = sums;
      sums = new Float64Array(m * k);
      return taken;
    };
    return this.#shard.sumOver(add, take, rowsOfTurn(m * d));
  }

  free(): void {}
}
