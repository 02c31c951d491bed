/** Where float32 loses digits in k-means: centroids that look alike to ‖c‖² − 2x·c, and rows at the end of its range. */
import { createEngine, type Engine, type KMeansFitOptions } from '../../../src/index.ts';
import { assign } from '../../reference/kmeans.ts';
import { type ConformanceCase, check, equal, sameValues, withEngine } from '../case.ts';
import { asInput, upload } from './bounds.ts';
import { type CasePoints, normals, uniforms } from './data.ts';
import { lend } from './devices.ts';
import { modelOf } from './numbers.ts';

/** A row's distances to 0, to what is near it, and to twice the row are the same but for a few millionths. */
export function betweenEqualNorms(n: number, d: number, k = 4): { points: CasePoints; centroids: Float64Array } {
  const uniform = uniforms(3);
  const row = Float64Array.from({ length: d }, () => 1 + uniform());
  const near = (scale: number) => row.map((value) => scale * value + 4e-6 * (2 * uniform() - 1));
  const data = Float32Array.from({ length: n * d }, (_, at) => row[at % d] + 4e-6 * (2 * uniform() - 1));
  const centroids = Array.from({ length: k }, (_, c) => [...near(c % 2 === 0 ? 0 : 2)]).flat();
  return { points: { data, n, d }, centroids: Float64Array.from(centroids, Math.fround) };
}

/** Four groups in turn, and some or a third of the rows at 1e19. */
function withFarRows(n: number, far: (i: number) => boolean): CasePoints {
  const normal = normals(5);
  const data = new Float32Array(2 * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < 2; j++) {
      data[2 * i + j] = far(i) ? 1e19 : 20 * (((i % 4) >> j) & 1) + Math.round(2 ** 12 * normal()) / 2 ** 12;
    }
  }
  return { data, n, d: 2 };
}

/** One cluster for each of the groups, and one for the far rows. */
function checkGroups(labels: Uint32Array, far: (i: number) => boolean, what: string): void {
  const first = new Map<number, number>();
  labels.forEach((label, i) => {
    const group = far(i) ? 4 : i % 4;
    if (!first.has(group)) first.set(group, label);
    equal(label, first.get(group), `${what}: label of row ${i} of group ${group}`);
  });
  equal(new Set(first.values()).size, first.size, `${what}: number of clusters`);
}

async function checkFarRows(engine: Engine, points: Parameters<Engine['upload']>[0], far: (i: number) => boolean) {
  const dataset = await engine.upload(points);
  for (const init of ['k-means++', 'k-means||'] satisfies KMeansFitOptions['init'][]) {
    const model = await engine.kmeans(dataset, { k: 5, init, nInit: 3, seed: 1 });
    check(model.centroids.every(Number.isFinite) && Number.isFinite(model.inertia), `${init}: a number is none`);
    checkGroups(model.labels, far, init);
  }
  dataset.destroy();
}

const someFar: readonly [string, (i: number) => boolean][] = [
  ['one row', (i) => i === 7],
  ['a third of the rows', (i) => i % 3 === 0],
];

export const precision: readonly ConformanceCase[] = [
  withEngine('centroids that differ by millionths of their distance', async (engine) => {
    for (const d of [5, 8, 19]) {
      const { points, centroids } = betweenEqualNorms(2000, d);
      const labels = await modelOf(centroids, d).predict(await upload(engine, points));
      const nearest = assign(points, centroids);
      labels.forEach((label, i) => {
        // What d differences and their squares may be off by in float32, term by term.
        const isClear = nearest.seconds[i] / nearest.distances[i] - 1 > 2 * (d + 4) * 2 ** -24;
        if (isClear) equal(label, nearest.labels[i], `d = ${d}: label of row ${i}`);
      });
    }
  }),
  ...someFar.map(([what, far]) =>
    withEngine(`${what} at 1e19: k-means finds the groups beside them`, (engine) =>
      checkFarRows(engine, asInput(withFarRows(1200, far)), far),
    ),
  ),
  {
    // One device for all: its kernels are compiled once.
    name: 'borrowed buffer: rows at 1e19, and rows of weight 0 that touch nothing',
    only: 'webgpu',
    async run(context) {
      const device = await context.requestDevice!();
      const engine = await createEngine({ backend: 'webgpu', device });
      for (const [, far] of someFar) {
        const lent = lend(device, withFarRows(1200, far));
        await checkFarRows(engine, lent, far);
        lent.buffer.destroy();
      }
      const points = withFarRows(1200, () => false);
      const masked = points.data.slice();
      const isMasked = (i: number) => i % 10 === 3;
      masked.forEach((_, at) => {
        if (isMasked(at >> 1)) masked[at] = [3.4028234663852886e38, -1e30, 1e15][(at >> 1) % 3];
      });
      const sampleWeight = Float32Array.from({ length: 1200 }, (_, i) => (isMasked(i) ? 0 : 1));
      const models = [];
      for (const data of [points.data, masked]) {
        const lent = lend(device, { ...points, data });
        const dataset = await engine.upload(lent, { sampleWeight });
        models.push(await engine.kmeans(dataset, { k: 4, seed: 2 }));
        dataset.destroy();
        lent.buffer.destroy();
      }
      await engine.destroy();
      const [plain, other] = models;
      sameValues(other.centroids, plain.centroids, 'centroids');
      equal(other.inertia, plain.inertia, 'inertia');
      const counted = (_: number, i: number) => !isMasked(i);
      sameValues(other.labels.filter(counted), plain.labels.filter(counted), 'labels');
    },
  },
];
