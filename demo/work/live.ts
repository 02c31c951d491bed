/** A sample of the points, for pictures while a run is under way: its labels are those of the parameters of now. */

import type { CovarianceType } from '../../src/index.ts';
import type { Features } from '../features/features.ts';

/** Multiply-adds that its labels may take: some milliseconds. */
const WORK = 2 ** 23;
const MOST_ROWS = 30_000;

/** Rows of a sample that is spread over n. */
export function spread(n: number, rows: number): Uint32Array {
  const m = Math.min(n, rows);
  return Uint32Array.from({ length: m }, (_, i) => Math.floor((i * n) / m));
}

/** Rows of points [n, d] at places [m]: [m, d]. */
export function rowsAt(places: Uint32Array, data: Float32Array, d: number): Float32Array {
  const rows = new Float32Array(places.length * d);
  for (const [i, place] of places.entries()) rows.set(data.subarray(place * d, (place + 1) * d), i * d);
  return rows;
}

export class LiveSample {
  /** Places among the points, ascending. */
  readonly places: Uint32Array;
  readonly labels: Uint32Array;
  readonly #data: Float32Array;
  readonly #d: number;

  constructor({ n, d, data }: Features, k: number) {
    this.places = spread(n, Math.max(500, Math.min(MOST_ROWS, Math.floor(WORK / (k * d)))));
    this.labels = new Uint32Array(this.places.length);
    this.#d = d;
    this.#data = rowsAt(this.places, data, d);
  }

  /** To the nearest of the centroids [k, d]. */
  assign(means: Float64Array): void {
    const d = this.#d;
    const k = means.length / d;
    for (let i = 0, at = 0; i < this.labels.length; i++, at += d) {
      let least = Infinity;
      for (let c = 0; c < k; c++) {
        let distance = 0;
        for (let j = 0; j < d; j++) distance += (this.#data[at + j] - means[c * d + j]) ** 2;
        if (distance < least) {
          least = distance;
          this.labels[i] = c;
        }
      }
    }
  }

  /** To the likeliest component. */
  async assignTo(
    covarianceType: CovarianceType,
    parameters: { readonly weights: Float64Array; readonly means: Float64Array; readonly covariances: Float64Array },
  ): Promise<void> {
    // The fit has loaded it.
    const { GaussianMixtureModel } = await import('../../src/models/gaussian-mixture-model.ts');
    const model = GaussianMixtureModel.fromParameters({ ...parameters, covarianceType });
    const points = { data: this.#data, shape: [this.labels.length, this.#d] } as const;
    this.labels.set(await model.predict(points, { backend: 'cpu' }));
  }
}
