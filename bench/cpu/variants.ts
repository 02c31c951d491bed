/** The optimal clustering of numbers beside simple-statistics' ckmeans; clusters of bounded size, and bisections, beside plain fits. */
import { ckmeans } from 'simple-statistics';
import { bisectingKMeans, kmeans1d } from '../../src/index.ts';
import { KMeansProblem } from '../kmeans/cases.ts';
import { interleave } from '../measure.ts';
import type { Size } from '../points.ts';
import { formatTable, threeDigits } from '../table.ts';
import { GOALS, outcome } from './goals.ts';
import type { Findings, Setting } from './section.ts';

const LINES: readonly Size[] = [5, 10].map((k) => ({ name: `100k numbers, k ${k}`, n: 100_000, d: 1, k }));
const BOUNDED: Size = { name: '100k×16, k 100', n: 100_000, d: 16, k: 100 };

export async function* variants(setting: Setting): AsyncGenerator<Findings> {
  for (const size of LINES) yield await onALine(KMeansProblem.ofBlobs(size), setting);
  yield await beside(KMeansProblem.ofBlobs(BOUNDED), setting);
}

async function onALine({ rows, k, size, title, name }: KMeansProblem, { runs }: Setting): Promise<Findings> {
  const values = rows.map(([value]) => value);
  const results: number[] = [];
  const calls = {
    kmeans1d: async () => results.push(kmeans1d(values, { k }).inertia),
    ckmeans: async () => results.push(ckmeans(values, k).reduce((sum, cluster) => sum + costOf(cluster), 0)),
  };
  for (const call of Object.values(calls)) await call();
  const [own, theirs] = results;
  const times = (await interleave<unknown>(Object.values(calls), runs)).map(({ ms }) => ms);
  tell(title, Object.keys(calls), times);
  const [ownMs, theirMs] = times.map((ms) => Math.min(...ms));
  return {
    report: { ...size, times: { kmeans1d: times[0], ckmeans: times[1] } },
    outcomes: [outcome('ckmeans of simple-statistics / kmeans1d', name, theirMs / ownMs, GOALS.notSlower)],
    disagreements: Math.abs(own - theirs) <= 1e-9 * theirs ? [] : [`${title}: inertia ${own}, ckmeans ${theirs}`],
  };
}

/** Whole calls on resident points, to convergence. */
async function beside({ data, n, d, k, size, title, name }: KMeansProblem, setting: Setting): Promise<Findings> {
  const { engine, upload } = setting.engines[setting.engines.length - 1];
  const { dataset } = await upload(data, n, d);
  const calls = {
    kmeans: () => engine.kmeans(dataset, { k }),
    'full clusters': () => engine.kmeans(dataset, { k, maxSize: n / k }),
    'a tenth of room': () => engine.kmeans(dataset, { k, maxSize: Math.ceil((1.1 * n) / k) }),
    bisecting: () => bisectingKMeans(dataset, { k }),
  };
  const found = await interleave(Object.values(calls), { ...setting.runs, atMost: 2 });
  dataset.destroy();
  const times = found.map(({ ms }) => ms);
  tell(title, Object.keys(calls), times);
  const best = times.map((ms) => Math.min(...ms));
  return {
    report: { ...size, times: Object.fromEntries(Object.keys(calls).map((what, i) => [what, times[i]])) },
    outcomes: ['full clusters', 'a tenth of room', 'bisecting'].map((what, i) =>
      outcome(`${what} / kmeans`, name, best[i + 1] / best[0]),
    ),
  };
}

function costOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
}

function tell(title: string, names: readonly string[], times: readonly (readonly number[])[]): void {
  const rows = names.map((name, i) => [name, threeDigits(Math.min(...times[i]))]);
  console.log(`\n${title}\n${formatTable(['', 'ms, best'], rows)}`);
}
