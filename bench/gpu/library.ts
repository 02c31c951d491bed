/** The library on one device, with what only it is asked for. Runs in pages too. */
import {
  createEngine,
  type Dataset,
  type Engine,
  type GaussianMixtureModel,
  type KMeansModel,
  type TunedShape,
} from '../../src/index.ts';
import type { GpuProblem } from './cases.ts';
import type { GpuContender, GpuFit } from './contender.ts';
import { type Judgement, judgeKMeans, judgeMixture, sampleOf } from './judge.ts';

export interface Library extends GpuContender {
  /** Milliseconds of a fit of one iteration that leaves the labels on the GPU; null for mixtures, which have no such fit. */
  withoutReadback(): Promise<number | null>;
  /** What passes of k-means take by each variant of its kernels, and which one is taken from then on; null for mixtures. */
  tune(): Promise<TunedShape | null>;
  /** The last fit of the last problem, held against float64. */
  judge(): Promise<Judgement>;
}

interface Open {
  readonly problem: GpuProblem;
  readonly dataset: Dataset;
  model: KMeansModel | GaussianMixtureModel | null;
}

export async function openLibrary(device: GPUDevice): Promise<Library> {
  const engine = await createEngine({ backend: 'webgpu', device });
  const { adapter, software } = engine.info;
  let open: Open | null = null;
  return {
    name: 'webgpu-clustering',
    about: adapter,
    software,
    threads: 1,
    takes: () => true,
    async prepare(problem) {
      const { data, n, d } = problem;
      const before = performance.now();
      const dataset = await engine.upload({ data, shape: [n, d] });
      await device.queue.onSubmittedWorkDone();
      const uploadMs = performance.now() - before;
      const here: Open = { problem, dataset, model: null };
      open = here;
      return {
        uploadMs,
        fit: (iterations) => fit(engine, here, iterations),
        release: () => dataset.destroy(),
      };
    },
    async withoutReadback() {
      const { problem, dataset } = open!;
      if (problem.covarianceType !== null) return null;
      const before = performance.now();
      const { labelsBuffer } = await engine.kmeans(dataset, { ...optionsOf(problem, 1), output: 'buffer' });
      await device.queue.onSubmittedWorkDone();
      const ms = performance.now() - before;
      labelsBuffer!.destroy();
      return ms;
    },
    async tune() {
      const { problem, dataset } = open!;
      const { k, d, covarianceType } = problem;
      if (covarianceType !== null) return null;
      const { choices } = await engine.tune(dataset, { k });
      return choices.find((choice) => choice.k === k && choice.d === d)!;
    },
    async judge() {
      const { problem, model } = open!;
      if ('centroids' in model!) return judgeKMeans(problem, model);
      const sample = sampleOf(problem, 'mixture');
      const dataset = await engine.upload({ data: sample.data, shape: [sample.n, sample.d] });
      try {
        return judgeMixture(problem, model!, await model!.scoreSamples(dataset));
      } finally {
        dataset.destroy();
      }
    },
    close: () => engine.destroy(),
  };
}

async function fit(engine: Engine, open: Open, maxIterations: number): Promise<GpuFit> {
  const { problem, dataset } = open;
  const { k, d, covarianceType, start } = problem;
  if (covarianceType === null) {
    const model = await engine.kmeans(dataset, optionsOf(problem, maxIterations));
    open.model = model;
    const { iterations, inertia, centroids } = model;
    return { iterations, passes: iterations + 1, objective: inertia, centroids: async () => centroids };
  }
  const init = { means: { data: start, shape: [k, d] as const } };
  const model = await engine.gaussianMixture(dataset, { k, covarianceType, init, maxIterations, tolerance: 0 });
  open.model = model;
  const { iterations, lowerBound } = model;
  return { iterations, passes: iterations + 1, objective: lowerBound, centroids: async () => model.means };
}

function optionsOf({ k, d, start }: GpuProblem, maxIterations: number) {
  return { k, init: { data: start, shape: [k, d] as const }, maxIterations, tolerance: 0 };
}
