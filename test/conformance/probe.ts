/** Fits that have to give the same bits wherever they run. Runs in pages too: nothing here imports from Node. */
import type { Engine } from '../../src/index.ts';
import { blobs, spacedRows } from './cases/data.ts';

/** All that is seen of two fits, one of them wide, as text: JSON tells float64 numbers apart. */
export async function probe(engine: Engine): Promise<string> {
  const narrow = await seenOf(engine, { n: 5000, d: 3, groups: 40, k: 64 });
  return `${narrow}\n${await seenOf(engine, { n: 2000, d: 97, groups: 30, k: 41 })}`;
}

async function seenOf(
  engine: Engine,
  { k, ...shape }: { readonly n: number; readonly d: number; readonly groups: number; readonly k: number },
): Promise<string> {
  const points = blobs(shape);
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
