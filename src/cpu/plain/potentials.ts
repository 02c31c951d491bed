import type { RowValues } from '../../points.ts';
import type { Steps } from '../../steps.ts';
import { SLICE_ROWS } from '../plan.ts';
import { FARTHEST, FARTHEST_PRECISE, PotentialsOf } from '../potentials.ts';
import { type Shard, squaredDistance } from '../shard.ts';

export class PlainPotentials extends PotentialsOf {
  protected readonly distances: RowValues;

  constructor(shard: Shard) {
    super(shard);
    const { n, precise } = shard;
    this.distances = precise ? new Float64Array(n).fill(FARTHEST_PRECISE) : new Float32Array(n).fill(FARTHEST);
  }

  protected override lower(start: number, end: number, centres: RowValues, from: number, to: number): number {
    const { rows, weights, d } = this.shard;
    const { distances } = this;
    let sum = 0;
    for (let i = start; i < end; i++) {
      for (let at = from * d; at < to * d; at += d) {
        distances[i] = Math.min(distances[i], squaredDistance(rows, i * d, centres, at, d));
      }
      sum += weights === null ? distances[i] : weights[i] * distances[i];
    }
    return sum;
  }

  override *trial(candidates: RowValues): Steps<Float64Array> {
    const { n, d } = this.shard;
    const m = candidates.length / d;
    const totals = new Float64Array(Math.ceil(n / SLICE_ROWS) * m);
    for (let start = 0, to = 0; start < n; start += SLICE_ROWS, to += m) {
      const { rows, weights } = this.shard;
      for (let i = start; i < Math.min(n, start + SLICE_ROWS); i++) {
        for (let l = 0; l < m; l++) {
          const distance = Math.min(this.distances[i], squaredDistance(rows, i * d, candidates, l * d, d));
          totals[to + l] += weights === null ? distance : weights[i] * distance;
        }
      }
      yield;
    }
    return totals;
  }

  override free(): void {}
}
