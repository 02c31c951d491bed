/** Each way to find nearest centroids, whatever the adapter would choose: the same labels, ties and near ties too. */
import { assignPlan, canFilter, type Variant } from '../../../src/gpu/plan.ts';
import { type CaseEngineOptions, type ConformanceCase, type ConformanceContext, sameValues } from '../case.ts';
import { checkModel, upload } from './bounds.ts';
import { blobs, type CasePoints, spacedRows, wholeNumbers } from './data.ts';
import { betweenEqualNorms } from './precision.ts';

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
  [16, 1],
  [17, 8],
  [384, 100],
  [48, 128],
  [78, 120],
];

interface Start {
  readonly points: CasePoints;
  readonly centroids: Float64Array;
}

async function labelsWith(
  context: ConformanceContext,
  variant: Partial<Variant>,
  { points, centroids }: Start,
  limits: CaseEngineOptions = {},
): Promise<Uint32Array> {
  const engine = await context.createEngine({ variant, ...limits });
  try {
    const k = centroids.length / points.d;
    const init = { data: centroids, shape: [k, points.d] as const };
    const model = await engine.kmeans(await upload(engine, points), { k, init, maxIterations: 1 });
    checkModel(model, points, k);
    return Uint32Array.from(model.labels);
  } finally {
    await engine.destroy();
  }
}

/** One that is a value for some rows or features. */
function withValues(points: CasePoints, value: (value: number, i: number, j: number) => number): CasePoints {
  const { data, n, d } = points;
  return { data: data.map((x, at) => value(x, Math.floor(at / d), at % d)), n, d };
}

/** Starts at which ways to find the nearest part, if they do: three for every shape, and one in turn. */
function starts(d: number, k: number, turn: number): Record<string, Start> {
  const n = k + 301;
  const spaced = (points: CasePoints): Start => ({ points, centroids: Float64Array.from(spacedRows(points, k)) });
  const seed = d + k;
  const points = blobs({ n, d, seed });
  const far = spaced(points);
  far.centroids.fill(1e30, 0, d);
  const others: [string, Start][] = [
    ['ties', spaced(wholeNumbers(n, d, 3, seed))],
    ['groups far apart', spaced(blobs({ n, d, groups: 2, spread: 1e4, seed }))],
    ['rows of zeros', spaced(withValues(points, (x, i) => (i % 3 === 0 ? 0 : x)))],
    ['a feature a million times the others', spaced(withValues(points, (x, _, j) => (j === 0 ? 1e6 * x : x)))],
  ];
  return {
    'near ties': spaced(withValues(points, (x) => x / 8 + 1e3)),
    'equal norms': betweenEqualNorms(n, d, k),
    'a centroid at 1e30': far,
    ...Object.fromEntries([others[turn % others.length]]),
  };
}

/** Whether a deep tile is another one than a tall one. */
function isDeep(d: number, k: number): boolean {
  const plan = assignPlan(d, k, 'deep');
  return plan.kind === 'tiled' && plan.TD > 8;
}

const shaped: readonly ConformanceCase[] = shapes.map(([d, k], turn) => ({
  name: `every tile and filter gives the same labels: d = ${d}, k = ${k}`,
  only: 'webgpu',
  async run(context) {
    const variants: Partial<Variant>[] = [{ tile: 'tall', filter: 'none' }];
    if (isDeep(d, k)) variants.push({ tile: 'deep', filter: 'none' });
    if (d <= 4) variants.push({ tile: 'direct' });
    if (canFilter(d)) variants.push({ tile: 'short', filter: 'bytes' }, { tile: 'tall', filter: 'bytes' });
    for (const [what, start] of Object.entries(starts(d, k, turn))) {
      const expected = await labelsWith(context, { tile: 'short', filter: 'none' }, start);
      for (const variant of variants) {
        sameValues(await labelsWith(context, variant, start), expected, `${what}, ${JSON.stringify(variant)}`);
      }
    }
  },
}));

/** Rows of one value each, some so small beside others that their products underflow. */
function smallBesideLarge(d: number, small: number): Start {
  const rows = (values: readonly number[]) =>
    Float64Array.from(values.flatMap((value) => new Array<number>(d).fill(value)));
  const data = Float32Array.from(rows([1, -1, small, -small, 1, -1]));
  return { points: { data, n: 6, d }, centroids: rows([1, -1, small, -0.9 * small]) };
}

const underflows: ConformanceCase = {
  name: 'every filter gives the same labels where products underflow',
  only: 'webgpu',
  async run(context) {
    for (const d of [8, 40]) {
      for (const small of [1e-15, 1e-16, 5e-17, 1.27e-17, 5e-18, 1e-18, 1e-19, 1e-20]) {
        const start = smallBesideLarge(d, small);
        const expected = await labelsWith(context, { filter: 'none' }, start);
        sameValues(await labelsWith(context, { filter: 'bytes' }, start), expected, `d = ${d}, ${small}`);
      }
    }
  },
};

const inShards: ConformanceCase = {
  name: 'every filter gives the same labels in several buffers',
  only: 'webgpu',
  async run(context) {
    const points = blobs({ n: 9001, d: 17, groups: 9, seed: 177 });
    const start = { points, centroids: Float64Array.from(spacedRows(points, 33)) };
    const limits = { bindingLimit: 4096 * points.d * 4 };
    const expected = await labelsWith(context, { filter: 'none' }, start);
    sameValues(await labelsWith(context, { filter: 'bytes' }, start, limits), expected, 'by bytes');
  },
};

export const tiles: readonly ConformanceCase[] = [...shaped, underflows, inShards];
