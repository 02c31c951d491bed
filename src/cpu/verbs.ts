/** What fits of k-means ask of points in a CPU engine, wherever its shards live. */
import type { KMeansDataset, UploadOptions } from '../engine/contract.ts';
import type { PointsSummary, PreparedPoints } from '../points.ts';
import type { Awaitable, Runner, Steps } from '../steps.ts';
import { gather, type ResidentPoints } from './dataset.ts';
import { CpuKMeans, nearestDistances } from './kmeans.ts';
import { CpuDistanceField, plusPlus } from './seeding.ts';

/** What takes points. */
export interface Uploading<D> {
  upload(points: PreparedPoints, options?: UploadOptions): Awaitable<D>;
}

/** A class, since small fits would feel as many closures for each. */
export class KMeansVerbs<D extends KMeansDataset> implements Omit<KMeansDataset, keyof PointsSummary> {
  readonly backend = 'cpu';
  readonly largestBuffer = 0;
  readonly signal: AbortSignal | undefined;
  protected readonly points: ResidentPoints;
  protected readonly engine: Uploading<D>;
  protected readonly runner: Runner;

  constructor(points: ResidentPoints, engine: Uploading<D>, runner: Runner, signal?: AbortSignal) {
    this.signal = signal;
    this.points = points;
    this.engine = engine;
    this.runner = runner;
  }

  upload(points: PreparedPoints): Awaitable<D> {
    return this.engine.upload(points, { signal: this.signal });
  }

  gather(indices: Uint32Array): Awaitable<Float64Array> {
    return this.run(gather(this.points, indices));
  }

  nearestDistances(centroids: Float64Array): Awaitable<Float64Array> {
    return this.run(nearestDistances(this.points, centroids));
  }

  plusPlus(k: number, candidates: number, draws: Float32Array): Awaitable<Uint32Array> {
    return this.run(plusPlus(this.points, k, candidates, draws));
  }

  distanceField(): CpuDistanceField {
    return new CpuDistanceField(this.points, this.run);
  }

  kmeans(k: number, once = false): CpuKMeans {
    return new CpuKMeans(this.points, k, once, this.run);
  }

  destroy(): void {
    this.points.destroy();
  }

  protected readonly run = <T>(steps: Steps<T>): Awaitable<T> => this.runner(steps, this.signal);
}
