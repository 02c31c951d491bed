import type { RowValues } from '../../points.ts';
import type { Steps } from '../../steps.ts';
import { rowsOfTurn } from '../../turns.ts';
import type { Shard } from '../shard.ts';

/** Rows times a matrix, for `EngineDataset.transformed`. */
export class PlainTransform {
  readonly #shard: Shard;

  constructor(shard: Shard) {
    this.#shard = shard;
  }

  /** Writes the rows times an upper triangular matrix [d, d], or a diagonal one [d], to a shard of the same shape. */
  *into(target: Shard, matrix: Float64Array): Steps<void> {
    const { n, d } = this.#shard;
    const row = new Float64Array(d);
    const pause = rowsOfTurn(matrix.length);
    for (let from = 0; from < n; from += pause) {
      const { rows } = this.#shard;
      const transformed = target.rows;
      for (let i = from; i < Math.min(n, from + pause); i++) {
        transformRow(rows, i * d, matrix, row);
        transformed.set(row, i * d);
      }
      yield;
    }
    const { weights } = this.#shard;
    if (weights !== null) target.weights!.set(weights);
  }

  free(): void {}
}

function transformRow(rows: RowValues, from: number, matrix: Float64Array, row: Float64Array): void {
  const d = row.length;
  if (matrix.length === d) {
    for (let j = 0; j < d; j++) row[j] = rows[from + j] * matrix[j];
    return;
  }
  row.fill(0);
  for (let j = 0; j < d; j++) {
    const value = rows[from + j];
    for (let to = j; to < d; to++) row[to] += value * matrix[j * d + to];
  }
}
