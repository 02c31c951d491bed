/** What is timed on GPUs, and the same at sizes that a software adapter takes. */
import { formOf } from '../../src/mixture/forms/index.ts';
import type { CovarianceType } from '../../src/mixture/forms/names.ts';
import { Random } from '../../src/random.ts';
import type { Problem } from '../contender.ts';
import { describe, SEED, type Size } from '../points.ts';

export interface GpuCase extends Size {
  /** Of a mixture; null: k-means. */
  readonly covarianceType: CovarianceType | null;
  /** n, d and k of `--small`. */
  readonly small: readonly [n: number, d: number, k: number];
}

function kmeans(name: string, n: number, d: number, k: number, small: GpuCase['small']): GpuCase {
  return { name, n, d, k, covarianceType: null, small };
}

/**
 * The small ones have the kernels of the large ones, the library's at least. Peers compile loops unrolled: on SwiftShader
 * splat-transform takes ten seconds for 128 features, and jax-js minutes for 32 centroids of 256 features and more.
 */
export const GPU_CASES: readonly GpuCase[] = [
  kmeans('10Mx3-k32', 10_000_000, 3, 32, [512, 3, 8]),
  kmeans('1Mx128-k1024', 1_000_000, 128, 1024, [512, 64, 64]),
  kmeans('1Mx128-k4096', 1_000_000, 128, 4096, [512, 64, 200]),
  kmeans('720kx45-k4096', 720_000, 45, 4096, [512, 45, 200]),
  kmeans('200kx768-k256', 200_000, 768, 256, [256, 768, 40]),
  kmeans('50kx384-k100', 50_000, 384, 100, [256, 384, 100]),
  { name: '1Mx64-k64-diag', n: 1_000_000, d: 64, k: 64, covarianceType: 'diag', small: [512, 64, 8] },
  { name: '100kx32-k16-full', n: 100_000, d: 32, k: 16, covarianceType: 'full', small: [512, 32, 4] },
  {
    name: '1Mx128-k1024-spherical',
    n: 1_000_000,
    d: 128,
    k: 1024,
    covarianceType: 'spherical',
    small: [256, 128, 16],
  },
];

export function sizeOf({ small: [n, d, k], ...size }: GpuCase, isSmall: boolean): Omit<GpuCase, 'small'> {
  return isSmall ? { ...size, n, d, k } : size;
}

/** Points [n, d] of a case, and the centroids or means [k, d] that all start from. */
export interface GpuProblem extends Problem {
  readonly name: string;
  readonly n: number;
  readonly d: number;
  readonly k: number;
  readonly covarianceType: CovarianceType | null;
  readonly data: Float32Array<ArrayBuffer>;
  readonly start: Float32Array<ArrayBuffer>;
  /** Floating-point operations that an iteration's result needs: see {@link termsOfRow}. */
  readonly flops: number;
  /** Bytes that an iteration cannot do without: points once, and a label for each. */
  readonly bytes: number;
}

export function problemOf(size: Omit<GpuCase, 'small'>): GpuProblem {
  const { n, d, k, covarianceType } = size;
  const data = groupedPoints(n, d, k);
  return {
    ...size,
    title: `${describe(size)}${covarianceType === null ? '' : `, ${covarianceType}`}`,
    size: { ...size, covarianceType: covarianceType ?? 'k-means', seed: SEED },
    data,
    start: data.slice(0, k * d),
    flops: 2 * n * k * termsOfRow(d, covarianceType),
    bytes: 4 * n * (d + 1),
  };
}

/**
 * Multiply-adds of a row and a cluster. k-means: the product x·c. Mixtures: as many for the density as for the moments, the
 * products with x of a spherical component, those with x and x² along axes, the triangle of a matrix.
 */
function termsOfRow(d: number, covarianceType: CovarianceType | null): number {
  if (covarianceType === null) return d;
  const shape = formOf(covarianceType).precisionFactorOf(new Float64Array(d).fill(1)).length;
  return 2 * (shape === 1 ? d : shape === d ? 2 * d : (d * (d + 1)) / 2);
}

/** Values of the table: more than a row has, few enough to stay in a cache. */
const NORMALS = 2 ** 16;

/**
 * k overlapping groups of variance 1 about normal centres. Each row takes its noise out of one table from a place of its own:
 * a normal number a value would take longer than all that is timed.
 */
function groupedPoints(n: number, d: number, k: number): Float32Array<ArrayBuffer> {
  const random = new Random(SEED);
  // Box and Muller 1958; the logarithm's argument lies in (0, 1].
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.uniform24())) * Math.cos(2 * Math.PI * random.uniform24());
  const table = Float32Array.from({ length: NORMALS + d }, normal);
  const spread = 6 / Math.sqrt(2 * d);
  const centres = Float32Array.from({ length: k * d }, () => spread * normal());
  const data = new Float32Array(n * d);
  for (let row = 0; row < data.length; row += d) {
    const centre = random.below(k) * d;
    const noise = random.below(NORMALS);
    for (let j = 0; j < d; j++) data[row + j] = centres[centre + j] + table[noise + j];
  }
  return data;
}
