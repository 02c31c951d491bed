import type { Steps } from '../steps.ts';

/** What k-means++ and k-means‖ keep of a shard: the squared distance of each row to the nearest row chosen so far. */
export interface Potentials {
  /** Lowers the distances to those from the centres [m, d] where these are nearer; Σ w·distance² of each slice. */
  fold(centres: Float32Array): Steps<Float64Array>;
  /** What Σ w·distance² of each slice would be with each of the candidates [m, d] folded in: [slices, m]. */
  trial(candidates: Float32Array): Steps<Float64Array>;
  /** The row of a slice at the share `v` of its potential; without any folded in, of its weight. */
  draw(slice: number, v: number): Steps<number>;
  /** Indices of rows drawn independently with probability min(1, factor·w·distance²); see `DistanceField`. */
  sample(factor: number, seed: number): Steps<Uint32Array>;
  free(): void;
}
