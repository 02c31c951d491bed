/** Rows that stand for their cluster, and those that hardly belong to it. */
import { resultOf, type Steps } from '../../src/steps.ts';
import type { Feature, Features } from '../features/features.ts';
import { formatNumber } from '../features/format.ts';
import { PIECE } from '../features/reading.ts';
import { wordsAt } from '../features/words.ts';
import type { Table } from '../tables/table.ts';
import type { KeptRun } from '../work/fits.ts';

/** Of each cluster so many of either kind. */
const MOST = 3;
/** Rows whose densities are asked for at a time. */
const SCORED = 2 ** 16;
/** What stands out is so many deviations from the mean of its cluster; of these columns so many are told. */
const FAR = 3;
const MOST_REASONS = 3;

/** Of all clusters of a run. */
export interface Extremes {
  /** Points of each cluster, the most typical first; of those that are alike the first. */
  readonly typical: readonly (readonly number[])[];
  /** The farthest first. */
  readonly outlying: readonly (readonly number[])[];
  /** Of the points of each cluster in scaled features, each counting once whatever its weight: [k, d]. */
  readonly means: Float64Array;
  readonly deviations: Float64Array;
}

export interface RowTold {
  /** In the table, from 0. */
  readonly row: number;
  /** In words, of the columns that were asked for. */
  readonly values: readonly string[];
  /** Why it is outlying; '' of typical ones. */
  readonly why: string;
}

export interface RowsTold {
  readonly typical: readonly RowTold[];
  readonly outlying: readonly RowTold[];
}

interface Fitted extends Pick<KeptRun, 'labels' | 'mixture'> {
  readonly run: Pick<KeptRun['run'], 'k' | 'means'>;
}

/**
 * One pass over the points where they are. Of k-means the distance to the centroid tells, of mixtures the density.
 *
 * @param fitted a run of these points
 */
export function* extremes(features: Features, { labels, mixture, run }: Fitted): Steps<Extremes> {
  const { n, d, data, weights } = features;
  const { k, means: centres } = run;
  const typical = new Leaders(k);
  const outlying = new Leaders(k);
  const spread = new Spread(centres, d);
  const step = mixture === null ? PIECE : SCORED;
  for (let from = 0; from < n; from += step) {
    const to = Math.min(n, from + step);
    const points = { data: data.subarray(from * d, to * d), shape: [to - from, d] as const };
    const densities = mixture === null ? null : yield* resultOf(mixture.scoreSamples(points));
    for (let i = from; i < to; i++) {
      const distance = spread.add(data, i, labels[i]);
      const score = densities === null ? distance : -densities[i - from];
      if (weights === null || weights[i] > 0) typical.offer(labels[i], score, i);
      outlying.offer(labels[i], -score, i);
    }
    yield;
  }
  const first = typical.points();
  // Of a few rows none is both.
  const last = outlying.points().map((points, cluster) => points.filter((point) => !first[cluster].includes(point)));
  return { typical: first, outlying: last, ...spread.end() };
}

/** Of each cluster the points with the least scores, in their order. */
class Leaders {
  readonly #scores: Float64Array;
  readonly #points: Int32Array;

  constructor(readonly k: number) {
    this.#scores = new Float64Array(k * MOST).fill(Infinity);
    this.#points = new Int32Array(k * MOST).fill(-1);
  }

  /** Points come in ascending order: of equal ones the first stays ahead. */
  offer(cluster: number, score: number, point: number): void {
    const first = cluster * MOST;
    let at = first + MOST - 1;
    const isFull = this.#points[at] >= 0;
    if (isFull && !(score < this.#scores[at])) return;
    while (at > first && (this.#points[at - 1] < 0 || score < this.#scores[at - 1])) {
      this.#scores[at] = this.#scores[at - 1];
      this.#points[at] = this.#points[at - 1];
      at--;
    }
    this.#scores[at] = score;
    this.#points[at] = point;
  }

  points(): number[][] {
    return Array.from({ length: this.k }, (_, cluster) =>
      Array.from(this.#points.subarray(cluster * MOST, (cluster + 1) * MOST)).filter((point) => point >= 0),
    );
  }
}

/** Sums of differences from the centroids, which are next to the means: they do not cancel. */
class Spread {
  readonly #counts: Float64Array;
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;

  constructor(
    readonly centres: Float64Array,
    readonly d: number,
  ) {
    this.#counts = new Float64Array(centres.length / d);
    this.#sums = new Float64Array(centres.length);
    this.#squares = new Float64Array(centres.length);
  }

  /** @returns the squared distance of the point from its centroid */
  add(data: Float32Array, point: number, cluster: number): number {
    const { centres, d } = this;
    let distance = 0;
    for (let j = 0, at = cluster * d; j < d; j++, at++) {
      const difference = data[point * d + j] - centres[at];
      const square = difference * difference;
      distance += square;
      this.#sums[at] += difference;
      this.#squares[at] += square;
    }
    this.#counts[cluster]++;
    return distance;
  }

  end(): Pick<Extremes, 'means' | 'deviations'> {
    const shifts = this.#sums.map((sum, at) => sum / this.#counts[Math.floor(at / this.d)]);
    return {
      means: shifts.map((shift, at) => this.centres[at] + shift),
      deviations: shifts.map((shift, at) => {
        const count = this.#counts[Math.floor(at / this.d)];
        return Math.sqrt(Math.max(0, this.#squares[at] / count - shift * shift));
      }),
    };
  }
}

/** @param columns those of the table whose values are told */
export function rowsTold(
  table: Table,
  features: Features,
  found: Extremes,
  cluster: number,
  columns: readonly number[],
): RowsTold {
  const told = (point: number, why: string): RowTold => {
    const row = features.rows?.[point] ?? point;
    return { row, values: columns.map((column) => wordsAt(table.columns[column], row)), why };
  };
  return {
    typical: found.typical[cluster].map((point) => told(point, '')),
    outlying: found.outlying[cluster].map((point) => told(point, whyOutlying(table, features, found, cluster, point))),
  };
}

interface Reason {
  readonly size: number;
  readonly words: string;
}

function whyOutlying(table: Table, features: Features, found: Extremes, cluster: number, point: number): string {
  const { d, data } = features;
  const row = features.rows?.[point] ?? point;
  const reasons: Reason[] = [];
  features.features.forEach((feature, j) => {
    const at = cluster * d + j;
    const difference = (each: number) => data[point * d + j + each] - found.means[at + each];
    const deviation = (each: number) => found.deviations[at + each];
    const column = table.columns[feature.column];
    const value = `${column.name} ${wordsAt(column, row)}`;
    if (feature.part === 'value') reasons.push(ofValue(value, feature, difference(0) / deviation(0)));
    // A cosine follows its sine: only the two together are the column.
    else if (feature.part === 'sine') {
      const size = Math.hypot(difference(0), difference(1)) / Math.hypot(deviation(0), deviation(1));
      reasons.push({ size, words: `${value}, far from the usual one (${deviations(size)})` });
    }
  });
  const telling = reasons.filter(({ size }) => size > FAR).sort((a, b) => b.size - a.size);
  if (telling.length === 0) return d === 1 ? 'Not far out.' : 'No single column stands out.';
  const parts = telling.slice(0, MOST_REASONS).map(({ words }) => words);
  return `${parts.join('; ')}.`;
}

function ofValue(value: string, { scaling }: Feature, signed: number): Reason {
  const size = Math.abs(signed);
  const how = scaling === 'log' ? ', of its logarithm' : '';
  return { size, words: `${value}, far ${signed > 0 ? 'above' : 'below'} the mean (${deviations(size)}${how})` };
}

function deviations(size: number): string {
  return `${formatNumber(size, 2)} deviations`;
}
