/** Each way to find nearest centroids, whatever the adapter would choose: the same labels, ties and near ties too. */
import { engineOf } from '../../../src/api/create-engine.ts';
import { type Gpu, requestGpu } from '../../../src/gpu/device.ts';
import { createGpuEngine } from '../../../src/gpu/engine.ts';
import type { Tile } from '../../../src/gpu/plan.ts';
import { EngineSet } from '../../../src/placement.ts';
import { type ConformanceCase, sameValues } from '../case.ts';
import { checkModel, upload } from './bounds.ts';
import { blobs, type CasePoints, mapped, spacedRows, wholeNumbers } from './data.ts';

/** [d, k]: tails of every step and tile, and rows that are read by 16 bytes or by 4. */
const shapes: readonly (readonly [d: number, k: number])[] = [
  [1, 31],
  [2, 1],
  [3, 32],
  [4, 64],
  [5, 2],
  [6, 33],
  [7, 65],
  [8, 16],
  [33, 129],
  [128, 17],
  [20, 1024],
  [384, 100],
];

async function labelsWith(device: GPUDevice, tile: Tile, points: CasePoints, k: number): Promise<Uint32Array> {
  const gpu = (await requestGpu({ device, softwareToo: true, bindingLimit: undefined, variant: { tile } })) as Gpu;
  const engine = engineOf(new EngineSet('webgpu', null, createGpuEngine(gpu)));
  try {
    const init = { data: spacedRows(points, k), shape: [k, points.d] as const };
    const model = await engine.kmeans(await upload(engine, points), { k, init, maxIterations: 1 });
    checkModel(model, points, k);
    return Uint32Array.from(model.labels);
  } finally {
    await engine.destroy();
  }
}

export const tiles: readonly ConformanceCase[] = shapes.map(([d, k]) => ({
  name: `every tile gives the same labels: d = ${d}, k = ${k}`,
  only: 'webgpu',
  async run({ requestDevice }) {
    const device = await requestDevice!();
    const n = k + 301;
    const sets = {
      ties: wholeNumbers(n, d, 3, d + k),
      'near ties': mapped(blobs({ n, d, seed: d + k }), (value) => value / 8 + 1e3),
      'groups far apart': blobs({ n, d, groups: 2, spread: 1e4, seed: d + k }),
    };
    for (const [what, points] of Object.entries(sets)) {
      const expected = await labelsWith(device, 'short', points, k);
      for (const tile of d <= 4 ? (['tall', 'direct'] as const) : (['tall'] as const)) {
        sameValues(await labelsWith(device, tile, points, k), expected, `${what}, ${tile}`);
      }
    }
  },
}));
