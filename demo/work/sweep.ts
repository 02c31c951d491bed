/** How many clusters: fits for several k, each with its figures, and which k these speak for. */
import { type Dataset, type Engine, silhouetteScore } from '../../src/index.ts';
import { kneeOf } from '../../src/kmeans/knee.ts';
import type { Caller } from '../channel.ts';

export interface SweepAsked {
  readonly from: number;
  readonly to: number;
  readonly seed: number;
  readonly backend: 'auto' | 'webgpu' | 'cpu';
}

export interface SweepRow {
  readonly k: number;
  readonly inertia: number;
  readonly silhouette: number;
  readonly bic: number;
}

export interface Sweep {
  readonly rows: readonly SweepRow[];
  /** Of the inertia; null where it does not bend. */
  readonly elbow: number | null;
  readonly recommended: number;
  readonly why: string;
  /** Rows that it was made of, of how many. */
  readonly sampled: number;
  readonly n: number;
}

/** Rows that a sweep is made of at most, and the rows among these whose silhouettes are measured. */
export const SWEEP_ROWS = 100_000;
const SILHOUETTE_ROWS = 2000;
/** Below it even the best k leaves clusters that touch each other (Rousseeuw 1987 calls that no substantial structure). */
const NO_STRUCTURE = 0.25;

export async function sweepOver(
  engine: Engine,
  dataset: Dataset,
  { from, to, seed }: SweepAsked,
  { signal, tell }: Caller<SweepRow>,
): Promise<readonly SweepRow[]> {
  const rows: SweepRow[] = [];
  for (let k = from; k <= to; k++) {
    const model = await engine.kmeans(dataset, { k, seed, signal });
    const silhouette = await silhouetteScore(dataset, model.labels, { sampleSize: SILHOUETTE_ROWS, seed, signal });
    const row = { k, inertia: model.inertia, silhouette, bic: await model.bic(dataset, { signal }) };
    rows.push(row);
    tell(row);
  }
  return rows;
}

/** One k, and the reason for it. */
export function recommendation(rows: readonly SweepRow[]): Pick<Sweep, 'elbow' | 'recommended' | 'why'> {
  const knee = kneeOf(
    rows.map(({ k }) => k),
    rows.map(({ inertia }) => inertia),
  );
  const elbow = knee === null ? null : rows[knee].k;
  const best = rows.reduce((a, b) => (b.silhouette > a.silhouette ? b : a));
  if (best.silhouette < NO_STRUCTURE) {
    const bend = elbow === null ? '' : ` The inertia bends at ${elbow}.`;
    const why = `no number stands out: clusters touch each other at every k (the silhouette is at most ${best.silhouette.toFixed(2)}).${bend}`;
    return { elbow, recommended: elbow ?? best.k, why };
  }
  const agrees = elbow === best.k ? ', and there the inertia bends too' : '';
  return {
    elbow,
    recommended: best.k,
    why: `its silhouette, ${best.silhouette.toFixed(2)}, is the greatest${agrees}.`,
  };
}
