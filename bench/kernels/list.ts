/** The kernels of a problem, with the grids of one iteration or call. No adapter is needed. */
import type { GaussiansShape } from '../../src/engine/gaussians.ts';
import { assignmentSources } from '../../src/gpu/assignment.ts';
import { filterSources } from '../../src/gpu/filter.ts';
import { type Bindings, type KernelSource, sourceOf } from '../../src/gpu/kernel.ts';
import { distancesKernel } from '../../src/gpu/kernels/kmeans.ts';
import { gatherKernel, transformKernel } from '../../src/gpu/kernels/rows.ts';
import { fieldExtendKernel, fieldSampleKernel } from '../../src/gpu/kernels/seeding.ts';
import { lengthsKernel, surveyKernel } from '../../src/gpu/kernels/survey.ts';
import { kmeansSources } from '../../src/gpu/kmeans.ts';
import { axesDensities, matricesDensities, mixtureSources } from '../../src/gpu/mixture.ts';
import { layoutOf } from '../../src/gpu/mixture-layout.ts';
import { rowsOfPiece } from '../../src/gpu/part.ts';
import { canFilter, hasQuads, kmeansWorkPlan, mixtureWorkPlan, type Span, spansOf } from '../../src/gpu/plan.ts';
import { rowsOfPairs } from '../../src/gpu/read.ts';
import type { Load } from '../../src/gpu/resident-points.ts';
import { plusPlusSources } from '../../src/gpu/seeding.ts';
import { type Metric, metricOf } from '../../src/metric.ts';

/** What kernels and grids depend on, where all points are in one binding. */
export interface KernelCase {
  readonly name: string;
  readonly n: number;
  readonly d: number;
  readonly k: number;
  /** Of a mixture; null: k-means. */
  readonly gaussians: GaussiansShape | null;
  readonly metric: Metric;
  readonly load: Load;
  readonly weighted: boolean;
}

export interface ListedKernel {
  readonly source: KernelSource;
  /** Workgroups of each dispatch. */
  readonly grids: readonly number[];
}

/** Bytes of a binding: what desktops' adapters have. */
const BINDING_BYTES = 2 ** 31 - 4;

/** Subgroups of whatever size: compilers refuse a size that is not their device's. */
const SUBGROUPS = 0;

/** Multiply-adds that a fast device does in a submit. */
const FAST_BUDGET = 2 ** 38;

/** The kernels of a fit and of what is done beside it. */
export function kernelsOf(problem: KernelCase): ListedKernel[] {
  const fit = problem.gaussians === null ? ofKMeans(problem) : ofMixture(problem, problem.gaussians);
  return [...fit, ...ofRows(problem), ...ofSurvey(problem)];
}

function listed<B extends Bindings, Size extends string>(
  source: KernelSource<B, Size>,
  sizes: readonly { readonly [Name in Size]: number }[],
): ListedKernel {
  return { source, grids: sizes.map((each) => source.workgroups(each)) };
}

/** The rows and slices of each span. */
function sizesOf(spans: readonly Span[], n: number, rowsOfSlice: number): { rows: number; slices: number }[] {
  return spans.map(({ firstSlice, slices }) => {
    const start = firstSlice * rowsOfSlice;
    return { rows: Math.min(n, start + slices * rowsOfSlice) - start, slices };
  });
}

/** One iteration, where a submit has time for as much as memory has room for; `norms` are of the first only. */
function ofKMeans(problem: KernelCase): ListedKernel[] {
  const { n, d, k } = problem;
  const plan = kmeansWorkPlan(n, d, k, BINDING_BYTES);
  const quads = hasQuads(d, [{ base: 0 }]);
  const traits = { ...problem, tile: d <= 4 ? 'direct' : 'deep', filtering: null, quads } as const;
  const { assigning, summing, rest } = kmeansSources({ ...traits, subgroups: null }, k, plan);
  const inSubgroups = kmeansSources({ ...traits, subgroups: SUBGROUPS }, k, plan);
  const [tall, short] = (['tall', 'short'] as const).map((tile) =>
    assignmentSources(problem.load, d, k, tile, null, quads, null),
  );
  const filtered = canFilter(d)
    ? [
        filterSources(problem.load, d, k, true, null),
        // Whether the filter is tall has nothing to do with subgroups: both are listed.
        filterSources(problem.load, d, k, false, SUBGROUPS),
      ]
    : [];
  const sizes = sizesOf(spansOf(plan.slices, plan.longest), n, plan.rows).map((each) => ({
    ...{ ...each, k, cells: k * (d + 2) },
    groups: Math.ceil(each.slices / plan.together),
  }));
  const assignment =
    assigning.direct !== undefined
      ? [listed(assigning.direct, sizes), listed(inSubgroups.assigning.direct!, sizes)]
      : [
          listed(assigning.norms!, [{ rows: n }]),
          listed(assigning.tiled!, sizes),
          listed(tall.tiled!, sizes),
          listed(short.tiled!, sizes),
          ...filtered.flatMap((kernels) => [
            listed(kernels.byteRows, [{ rows: n }]),
            listed(kernels.byteCentroids, [{ k }]),
            listed(kernels.filter, sizes),
            listed(kernels.candidates, sizes),
          ]),
          listed(assigning.rescore, sizes),
          listed(inSubgroups.assigning.tiled!, sizes),
          listed(inSubgroups.assigning.rescore!, sizes),
        ];
  const sums =
    summing.private !== undefined
      ? [listed(summing.private, sizes)]
      : [listed(summing.sort, sizes), listed(summing.sorted, sizes)];
  return [
    ...assignment,
    ...sums,
    listed(rest.sumSlices, sizes),
    ...[rest, inSubgroups.rest].flatMap(({ update, status }) => [listed(update, [{ k }]), listed(status, [{}])]),
  ];
}

/** One E-step, and the densities of all rows. */
function ofMixture({ n, d, k, load }: KernelCase, shape: GaussiansShape): ListedKernel[] {
  const { cells, modelFloats } = layoutOf(k, d, shape);
  const planned = (isTall: boolean) => mixtureWorkPlan(n, k, d, shape, cells, BINDING_BYTES, isTall);
  const plan = planned(true);
  const kernels = mixtureSources(load, k, d, shape, plan, null);
  const inSubgroups = mixtureSources(load, k, d, shape, plan, SUBGROUPS);
  const short = mixtureSources(load, k, d, shape, planned(false), null);
  const sizes = sizesOf(spansOf(plan.slices, plan.longest), n, plan.rows).map((each) => ({ ...each, cells, k, d }));
  const allRows = pieces(n, modelFloats, rowsOfPairs(4 * Math.ceil(k / 4))).map((rows) => ({ rows, k }));
  const densities =
    shape === 'axes'
      ? listed(axesDensities(load, k, d), allRows)
      : listed(matricesDensities(load, d, shape === 'shared'), allRows);
  return [
    ...[kernels, inSubgroups, short].flatMap((each) => momentsOf(each, sizes)),
    listed(kernels.sumSlices, sizes),
    densities,
    ...[true, false].map((DIAGONAL) =>
      listed(
        sourceOf(transformKernel, { LOAD: load, DIAGONAL }),
        pieces(n, DIAGONAL ? d : d * d).map((rows) => ({ rows, d })),
      ),
    ),
  ];
}

/** Answers and moments. */
function momentsOf(
  kernels: ReturnType<typeof mixtureSources>,
  sizes: readonly { rows: number; slices: number; k: number; d: number }[],
): ListedKernel[] {
  if (kernels.narrow !== undefined) return [listed(kernels.narrow, sizes)];
  return kernels.axes !== undefined
    ? [listed(kernels.densities, sizes), listed(kernels.answers, sizes), listed(kernels.axes, sizes)]
    : [listed(kernels.whitened, sizes), listed(kernels.answers, sizes), listed(kernels.matrices, sizes)];
}

/** Seeding, and one call of each that answers for rows. */
function ofRows({ n, d, k, load: LOAD, weighted: WEIGHTED }: KernelCase): ListedKernel[] {
  const all = [{ rows: n }];
  // As many candidates as k-means++ takes.
  const { weigh, price, draw } = plusPlusSources(LOAD, WEIGHTED, 2 + Math.floor(Math.log(k)));
  return [
    listed(weigh, all),
    listed(price, all),
    listed(draw, [{}]),
    ...[
      [true, false],
      [false, false],
      [true, true],
    ].flatMap(([FRESH, FINE]) =>
      [null, SUBGROUPS].map((subgroups) =>
        listed(sourceOf(fieldExtendKernel, { LOAD, WEIGHTED, FRESH, FINE }, subgroups), all),
      ),
    ),
    listed(sourceOf(fieldSampleKernel, { LOAD, WEIGHTED }), all),
    ...[true, false].map((FINE) =>
      listed(
        sourceOf(distancesKernel, { LOAD, FINE }),
        pieces(n, k * d, rowsOfPairs(k)).map((rows) => ({ rows, k })),
      ),
    ),
    listed(sourceOf(gatherKernel, { LOAD }), [{ count: k, d }]),
  ];
}

/** What is asked of a borrowed buffer. */
function ofSurvey({ n, d, load, metric, weighted: WEIGHTED }: KernelCase): ListedKernel[] {
  if (load === 0) return [];
  const survey = (UNIT: boolean) => listed(sourceOf(surveyKernel, { UNIT, WEIGHTED }), [{ rows: n, d }]);
  if (!metricOf(metric).unitRows) return [survey(false)];
  return [survey(false), listed(sourceOf(lengthsKernel, {}), [{ rows: n }]), survey(true)];
}

/** The rows of each dispatch, where a submit has time for a lot. */
function pieces(n: number, workPerRow: number, most = Infinity): number[] {
  const each = Math.min(most, rowsOfPiece(FAST_BUDGET, workPerRow));
  return Array.from({ length: Math.ceil(n / each) }, (_, i) => Math.min(each, n - i * each));
}
