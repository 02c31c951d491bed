/** Points split over several buffers: the bits must not tell. */
import type { Engine, KMeansFitOptions, Metric } from '../../../src/index.ts';
import { type ConformanceCase, type ConformanceContext, check, equal, sameValues } from '../case.ts';
import { checkModel, upload } from './bounds.ts';
import { blobs, type CasePoints, mapped, spacedRows } from './data.ts';
import { sameModels } from './seeding.ts';

/** Rows of a slice: shards are whole slices. */
const SLICE_ROWS = 4096;

interface Fit {
  readonly what: string;
  readonly points: CasePoints;
  readonly options: KMeansFitOptions;
  readonly metric?: Metric;
}

const n = 3 * SLICE_ROWS + 77;
const narrow = blobs({ n, d: 3, seed: 111 });
const wide = blobs({ n, d: 33, seed: 113 });
const heavy: CasePoints = { ...narrow, weights: Float32Array.from({ length: n }, (_, i) => (i % 5) / 3) };
const explicit = (points: CasePoints, k: number) => ({ data: spacedRows(points, k), shape: [k, points.d] as const });

const fits: readonly Fit[] = [
  { what: 'd = 3, k = 9', points: narrow, options: { k: 9, init: explicit(narrow, 9) } },
  { what: 'd = 3, k = 130', points: narrow, options: { k: 130, init: explicit(narrow, 130), maxIterations: 3 } },
  { what: 'd = 33, k = 33', points: wide, options: { k: 33, init: explicit(wide, 33), maxIterations: 2 } },
  { what: 'k-means++', points: narrow, options: { k: 9, seed: 1 } },
  { what: 'k-means||', points: narrow, options: { k: 9, init: 'k-means||', seed: 1 } },
  { what: 'random', points: narrow, options: { k: 9, init: 'random', seed: 1, nInit: 2 } },
  { what: 'weights', points: heavy, options: { k: 9, seed: 1 } },
  { what: 'weights, k-means||', points: heavy, options: { k: 9, init: 'k-means||', seed: 1 } },
  { what: 'the cosine', points: narrow, options: { k: 9, seed: 1 }, metric: 'cosine' },
  {
    what: 'empty clusters',
    points: narrow,
    options: {
      k: 4,
      init: [
        [0, 0, 0],
        [1e4, 0, 0],
        [1e5, 0, 0],
        [1e6, 0, 0],
      ],
      maxIterations: 20,
    },
  },
  {
    what: 'near ties',
    points: mapped(narrow, (value) => value / 8 + 1e3),
    options: {
      k: 65,
      init: explicit(
        mapped(narrow, (value) => value / 8 + 1e3),
        65,
      ),
      maxIterations: 5,
    },
  },
];

async function outcome(engine: Engine, { points, options, metric = 'euclidean' }: Fit) {
  const dataset = await upload(engine, points, metric);
  const model = await engine.kmeans(dataset, options);
  return { model, distances: await model.transform(dataset), score: await model.score(dataset) };
}

/** Chunks of one slice, and of two. */
async function checkChunks(context: ConformanceContext, fit: Fit): Promise<void> {
  const whole = await outcome(await context.createEngine(), fit);
  checkModel(whole.model, fit.points, fit.options.k, fit.metric);
  for (const slices of [1, 2]) {
    const before = context.liveBuffers?.() ?? 0;
    const bindingLimit = slices * SLICE_ROWS * fit.points.d * 4;
    const chunked = await outcome(await context.createEngine({ bindingLimit }), fit);
    const buffers = (context.liveBuffers?.() ?? 0) - before;
    if (context.backend === 'webgpu') check(buffers >= 4 / slices, `${buffers} buffers cannot be ${4 / slices} shards`);
    sameModels(chunked.model, whole.model);
    sameValues(chunked.distances, whole.distances, 'transform');
    equal(chunked.score, whole.score, 'score');
  }
}

export const shards: readonly ConformanceCase[] = fits.map((fit) => ({
  name: `several buffers give the bits of one: ${fit.what}`,
  run: (context) => checkChunks(context, fit),
}));
