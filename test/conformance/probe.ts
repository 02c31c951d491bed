/** One fit that has to give the same bits wherever it runs. Runs in pages too: nothing here imports from Node. */
import type { Engine } from '../../src/index.ts';
import { blobs, spacedRows } from './cases/data.ts';

/** All that is seen of the fit, as text: JSON tells float64 numbers apart. */
export async function probe(engine: Engine): Promise<string> {
  const points = blobs({ n: 5000, d: 3, groups: 40 });
  const k = 64;
  const reports: unknown[] = [];
  const model = await engine.kmeans(
    { data: points.data as Float32Array, shape: [points.n, points.d] },
    {
      k,
      init: { data: spacedRows(points, k), shape: [k, points.d] },
      tolerance: 0,
      onIteration: (report) => reports.push(report),
    },
  );
  return JSON.stringify({ model, inertia: model.inertia, labels: Array.from(model.labels), reports });
}
