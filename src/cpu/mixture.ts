import type { MixtureWorkspace } from '../engine/contract.ts';
import type { Gaussians } from '../engine/gaussians.ts';
import type { MixtureStatistics } from '../engine/statistics.ts';
import type { Awaitable, Runner, Steps } from '../steps.ts';
import { rootOf } from '../tree.ts';
import { joinedOf, type ResidentPoints, surveyed } from './dataset.ts';
import { MIXTURE } from './families/mixture.ts';
import { type Moments, statisticsOf } from './moments.ts';
import { answersOf, ask, askAll, drop, make, makeShard, type Ref } from './threads/place.ts';
import { shardsWithin } from './within.ts';

/** See `EngineDataset.mixture`. */
// biome-ignore lint/correctness/useYield: a verb like the others
export function* openMixture(points: ResidentPoints, run: Runner): Steps<MixtureWorkspace> {
  return new CpuMixture(points, run);
}

class CpuMixture implements MixtureWorkspace {
  /** Sums in float64 lose nothing about any mean. Said, so that nothing is inherited. */
  readonly moments = undefined;
  readonly #points: ResidentPoints;
  readonly #run: Runner;
  readonly #moments: readonly Ref<Moments>[];
  /** What the shards' values of the last E-step are short of, once they are multiplied. */
  #offset = 0;
  #unit = 1;
  changed = true;
  /** Of the last E-step; its labels are there where they were compared. */
  #temperature = 1;
  #labels: Uint32Array | null = null;

  constructor(points: ResidentPoints, run: Runner) {
    points.check();
    this.#points = points;
    this.#run = run;
    this.#moments = points.shards.map((shard) => make(shard, MIXTURE, 'moments'));
  }

  accumulate(gaussians: Gaussians, temperature: number): Awaitable<MixtureStatistics> {
    return this.#run(this.#accumulate(gaussians, temperature));
  }

  labels(): Awaitable<Uint32Array> {
    return this.#run(this.#joinedLabels());
  }

  values(): Awaitable<Float64Array> {
    return this.#run(this.#values());
  }

  close(): void {
    this.#moments.forEach(drop);
  }

  *#accumulate(gaussians: Gaussians, temperature: number): Steps<MixtureStatistics> {
    this.#points.check();
    const { totalWeight } = this.#points.summary;
    const { offset, unit, relative } = inDistances(relativeTo(gaussians), temperature);
    const isCompared = temperature === 0 && this.#temperature === 0;
    const before = isCompared ? (this.#labels ?? (yield* this.#joinedLabels())) : null;
    const nodes = yield* askAll(this.#moments, 'accumulate', relative, temperature);
    this.#offset = offset;
    this.#unit = unit;
    this.#temperature = temperature;
    this.#labels = before === null ? null : yield* this.#joinedLabels();
    this.changed = before === null || !this.#labels!.every((label, i) => label === before[i]);
    const root = rootOf(nodes.flat());
    yield;
    const statistics = yield* statisticsOf(gaussians, root);
    return { ...statistics, logLikelihood: unit * statistics.logLikelihood + offset * totalWeight };
  }

  #joinedLabels(): Steps<Uint32Array> {
    return joinedOf(askAll(this.#moments, 'labels'));
  }

  *#values(): Steps<Float64Array> {
    return (yield* joinedOf(askAll(this.#moments, 'values'))).map((value) => this.#unit * value + this.#offset);
  }
}

/**
 * The Gaussians with offsets less the largest: beside it a squared distance could be lost, and components whose offsets are
 * equal would be no nearer than others.
 */
function relativeTo(gaussians: Gaussians): { readonly offset: number; readonly relative: Gaussians } {
  const offset = gaussians.offsets.reduce((a, b) => Math.max(a, b));
  return { offset, relative: { ...gaussians, offsets: gaussians.offsets.map((value) => value - offset) } };
}

/**
 * The same, with squared distances in place of densities where it is they alone that decide, as in k-means: two of them that
 * differ by a last place have densities that do not. `unit` is what values have to be multiplied by.
 */
function inDistances({ offset, relative }: ReturnType<typeof relativeTo>, temperature: number) {
  const { offsets, sharpness } = relative;
  const alike = offsets.every((value) => value === 0) && sharpness.every((value) => value === sharpness[0]);
  if (temperature !== 0 || !alike) return { offset, unit: 1, relative };
  return { offset, unit: sharpness[0] / 2, relative: { ...relative, sharpness: sharpness.map(() => 2) } };
}

/** See `EngineDataset.logDensities`: here they are less the largest of each row. */
export function* logDensities(
  points: ResidentPoints,
  gaussians: Gaussians,
  start: number,
  end: number,
): Steps<Float32Array> {
  points.check();
  const made: Ref<Moments>[] = [];
  try {
    const questions = shardsWithin(points, start, end).map(({ shard, start, end }) => {
      const moments = make(shard, MIXTURE, 'moments');
      made.push(moments);
      return ask(moments, 'logDensities', [relativeTo(gaussians).relative, start, end]);
    });
    return yield* joinedOf(answersOf(questions));
  } finally {
    made.forEach(drop);
  }
}

/** See `EngineDataset.transformed`. */
export function* transformed(
  source: ResidentPoints,
  matrix: Float64Array,
  variance: Float64Array,
): Steps<ResidentPoints> {
  source.check();
  const { d, weights, frame } = source.summary;
  const { extents } = source;
  const { precise } = frame;
  const shards = source.shards.map(({ place }, s) =>
    makeShard(place, { extent: extents[s], d, weighted: weights !== null, precise }),
  );
  const transforms = source.shards.map((shard) => make(shard, MIXTURE, 'transform'));
  try {
    yield* answersOf(transforms.map((transform, s) => ask(transform, 'into', [{ resident: shards[s].id }, matrix])));
    const unshifted = { shift: new Float64Array(d), scale: 1, precise };
    const summary = { ...source.summary, frame: unshifted, variance, usualVariance: variance, units: undefined };
    return yield* surveyed(summary, shards, extents, yield* askAll(shards, 'survey', true), source.kmeans);
  } catch (error) {
    shards.forEach(drop);
    throw error;
  } finally {
    transforms.forEach(drop);
  }
}
