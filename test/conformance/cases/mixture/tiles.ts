/** Moments of few rows: for numbers of components and of features that fill each tile of the kernels, and none; and of components that no row reaches. */
import { answerAt, type Gaussians, type GaussiansShape } from '../../../../src/engine/gaussians.ts';
import type { MixtureStatistics } from '../../../../src/engine/statistics.ts';
import type { Tile } from '../../../../src/gpu/plan.ts';
import { atMost, type ConformanceCase, type ConformanceContext, check, equal } from '../../case.ts';
import { blobs } from '../data.ts';
import { gaussiansAt, withDataset } from './workspace.ts';

const ROWS = 150;
/** Of what is summed: a row more or less is a hundredth. */
const BOUND = 1e-4;

const widths: readonly (readonly [
  shape: GaussiansShape,
  features: readonly number[],
  components: readonly number[],
])[] = [
  ['axes', [1, 2, 3, 7, 15, 30], [1, 6, 13, 30, 41]],
  ['own', [1, 2, 3, 4, 6, 9, 14, 18, 23, 27, 31, 37, 42, 66], [3]],
  ['shared', [2, 6, 19, 66], [3]],
];

interface Moments {
  readonly counts: Float64Array;
  readonly sums: Float64Array;
  readonly squares: Float64Array;
}

/** What they are in float64, and what they are sums of without the signs. */
function momentsOf(rows: readonly Float64Array[], under: Gaussians, about: Gaussians): [of: Moments, size: Moments] {
  const { k, d, shape, means, factors } = about;
  const side = shape === 'axes' ? 1 : d;
  const made = () => ({
    counts: new Float64Array(k),
    sums: new Float64Array(k * d),
    squares: new Float64Array((shape === 'shared' ? 1 : k) * d * side),
  });
  const [of, size] = [made(), made()];
  for (const x of rows) {
    const { responsibilities } = answerAt(under, x, 1);
    for (let c = 0; c < k; c++) {
      const share = responsibilities[c];
      const matrix = shape === 'shared' ? 0 : c;
      const y = x.map((_, j) => {
        if (shape === 'axes') return (x[j] - means[c * d + j]) * factors[c * d + j];
        return x.reduce((sum, value, i) => sum + (value - means[c * d + i]) * factors[(matrix * d + i) * d + j], 0);
      });
      of.counts[c] += share;
      size.counts[c] += share;
      for (let j = 0; j < d; j++) {
        of.sums[c * d + j] += share * y[j];
        size.sums[c * d + j] += share * Math.abs(y[j]);
        for (let i = 0; i < side; i++) {
          const at = (matrix * d + j) * side + i;
          const product = share * y[j] * y[shape === 'axes' ? j : i];
          of.squares[at] += product;
          size.squares[at] += Math.abs(product);
        }
      }
    }
  }
  return [of, size];
}

function compare(got: MixtureStatistics, [expected, size]: [Moments, Moments], what: string): void {
  for (const name of ['counts', 'sums', 'squares'] as const) {
    got[name].forEach((value, at) => {
      const error = Math.abs(value - expected[name][at]);
      atMost(error, BOUND * (size[name][at] + 1e-3), `${name}[${at}] of ${what}`);
    });
  }
}

async function checkTiles(
  context: ConformanceContext,
  shape: GaussiansShape,
  d: number,
  components: readonly number[],
  tile: Tile | undefined,
): Promise<void> {
  const points = blobs({ n: ROWS, d, groups: 3, spread: 2, seed: 400 + d });
  await withDataset(
    context,
    points,
    async (dataset) => {
      const { shift, scale } = dataset.frame;
      const rows = Array.from({ length: ROWS }, (_, i) =>
        Float64Array.from({ length: d }, (_, j) => Math.fround((points.data[i * d + j] - shift[j]) * scale)),
      );
      for (const k of components) {
        const gaussians = gaussiansAt(
          dataset,
          shape,
          Array.from({ length: k }, (_, c) => c / 8),
        );
        const workspace = await dataset.mixture(k, shape);
        try {
          const got = await workspace.accumulate(gaussians, 1);
          compare(got, momentsOf(rows, gaussians, got.used), `k ${k}`);
          if (workspace.moments === undefined) continue;
          const about = { ...gaussians, means: gaussians.means.map((mean, at) => mean + (at % 3) / 8 / scale) };
          const again = await workspace.moments(about);
          compare(again, momentsOf(rows, gaussians, again.used), `k ${k}, about other means`);
        } finally {
          workspace.close();
        }
      }
    },
    { variant: tile === undefined ? {} : { tile } },
  );
}

/** Of components so far and so narrow that y is beyond float32, or none of its numbers: no row weighs anything for them. */
async function checkFar(context: ConformanceContext, shape: GaussiansShape, d: number): Promise<void> {
  const points = blobs({ n: ROWS, d, groups: 3, spread: 2, seed: 500 + d });
  await withDataset(context, points, async (dataset) => {
    const { scale } = dataset.frame;
    const k = 3;
    for (const far of [1e6, 1e15, 1e30, 1e36]) {
      for (const narrow of [1, 1e6, 1e9]) {
        const near = gaussiansAt(dataset, shape, [0, 1, 2]);
        const isLast = (at: number, size: number) => Math.floor(at / size) === k - 1;
        const means = near.means.map((mean, at) => (isLast(at, d) ? far * scale : mean));
        const factors = near.factors.map((factor, at) => {
          const size = near.factors.length / k;
          const [i, j] = [Math.floor((at % size) / d), at % d];
          const value = shape === 'own' && i < j ? -9.9 / (j * scale) : 10 * factor;
          return value * (isLast(at, size) ? narrow : 1);
        });
        const workspace = await dataset.mixture(k, shape);
        try {
          const { counts, sums, squares } = await workspace.accumulate({ ...near, means, factors }, 1);
          const what = `of a component at ${far}, ${narrow} times as narrow`;
          equal(counts[k - 1], 0, `count ${what}`);
          for (const [name, values] of Object.entries({ sums, squares })) {
            check(values.every(Number.isFinite), `${name} that are no numbers, ${what}`);
            check(
              values.subarray(-values.length / k).every((value) => value === 0),
              `${name} ${what}`,
            );
          }
        } finally {
          workspace.close();
        }
      }
    }
  });
}

const far: readonly ConformanceCase[] = (['own', 'axes'] as const).flatMap((shape) =>
  [2, 6].map((d) => ({
    name: `mixture: moments of a component beyond float32 are zeros: ${shape}, d = ${d}`,
    run: (context) => checkFar(context, shape, d),
  })),
);

const everyWidth: readonly ConformanceCase[] = widths.flatMap(([shape, features, components]) =>
  features.flatMap((d) =>
    (shape === 'axes' ? (['short', 'tall'] as const) : [undefined]).map((tile) => ({
      name: `mixture: moments of every width of a tile: ${tile ?? shape}, d = ${d}, k = ${components.join(', ')}`,
      run: (context) => checkTiles(context, shape, d, components, tile),
    })),
  ),
);

export const tiles: readonly ConformanceCase[] = [...everyWidth, ...far];
