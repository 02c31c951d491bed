/** E-steps in pieces as long as a submit has time for, which is learnt: the bits must not tell. */
import type { GaussiansShape } from '../../../../src/engine/gaussians.ts';
import { type ConformanceCase, type ConformanceContext, equal, sameValues } from '../../case.ts';
import { blobs } from '../data.ts';
import { gaussiansAt, withDataset } from './workspace.ts';

/** E-steps of which the first is cut within what is summed together: that is more than a new device is given at once. */
const shapes: readonly (readonly [shape: GaussiansShape, d: number, k: number])[] = [
  ['own', 3, 1203],
  ['axes', 64, 133],
  ['own', 32, 41],
];

async function checkPieces(context: ConformanceContext, shape: GaussiansShape, d: number, k: number): Promise<void> {
  const n = 4096 + 77;
  await withDataset(context, blobs({ n, d, seed: 437 }), async (dataset) => {
    const places = Array.from({ length: k }, (_, c) => c / 8);
    const gaussians = gaussiansAt(dataset, shape, places);
    const workspace = await dataset.mixture(k, shape);
    try {
      const first = await workspace.accumulate(gaussians, 1);
      for (let step = 2; step <= 4; step++) {
        const again = await workspace.accumulate(gaussians, 1);
        for (const name of ['counts', 'sums', 'squares'] as const)
          sameValues(again[name], first[name], `${name} of step ${step}`);
        equal(again.logLikelihood, first.logLikelihood, `log-likelihood of step ${step}`);
      }
    } finally {
      workspace.close();
    }
  });
}

export const pieces: readonly ConformanceCase[] = shapes.map(([shape, d, k]) => ({
  name: `mixture: E-steps in pieces of any length, the same bits: ${shape}, d = ${d}, k = ${k}`,
  run: (context) => checkPieces(context, shape, d, k),
}));
