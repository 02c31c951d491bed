/** The types of a client's functions, made of those of the library. */
import type { GaussianMixtureModel } from '../models/gaussian-mixture-model.ts';
import type { KMeansModel } from '../models/kmeans-model.ts';
import type { DevicePoints, PointsInput } from '../points.ts';
import type { ClientDataset } from './dataset.ts';

/** Points that can cross to a worker: all that are on the host, or those that the worker has. */
export type ClientPoints = Exclude<PointsInput, DevicePoints> | ClientDataset;

/** What a client may be told beside the options of the function: see {@link InWorker}. */
export interface TransferOptions {
  /**
   * Gives the memory of the points away: that of a typed array, or of columns that are such, which are detached then, all of
   * its buffer; a SharedArrayBuffer is shared. Rows are copied whatever this says. Default false.
   */
  readonly transfer?: boolean;
}

/** Options of a function in a worker: those that can cross. */
export type ClientOptions<O> = Omit<O, 'device' | 'output'> & TransferOptions;

/** Arguments behind the points, of which options are told by their signal. */
export type ClientArguments<A extends readonly unknown[]> = {
  [I in keyof A]: 'signal' extends keyof NonNullable<A[I]> ? ClientOptions<NonNullable<A[I]>> : A[I];
};

/** What a function answers from a worker: with models whose methods run there. */
export type Answered<R> = R extends KMeansModel
  ? ClientKMeansModel
  : R extends GaussianMixtureModel
    ? ClientGaussianMixtureModel
    : R extends { readonly best: infer M }
      ? Omit<R, 'best'> & { readonly best: Answered<M> }
      : R;

/**
 * A function of the library, in the worker: with {@link ClientPoints} for its points, without `device` and `output`, with
 * `transfer`, and with models whose methods run in the worker too.
 */
export type InWorker<F> = F extends (points: never, ...args: infer A) => Promise<infer R>
  ? (points: ClientPoints, ...args: ClientArguments<A>) => Promise<Answered<R>>
  : never;

/** The same of a function that has two signatures. */
export type BothInWorker<F> = F extends {
  (points: never, ...args: infer A): Promise<infer R>;
  (points: never, ...args: infer B): Promise<infer S>;
}
  ? InWorker<(points: never, ...args: A) => Promise<R>> & InWorker<(points: never, ...args: B) => Promise<S>>
  : never;

/** The methods of a model that take points. */
export type MethodsInWorker<M> = {
  [K in keyof M as M[K] extends (points: never, ...args: never) => Promise<unknown> ? K : never]: InWorker<M[K]>;
};

/** A {@link KMeansModel} whose methods that take points run in the worker. */
export type ClientKMeansModel = KMeansModel & MethodsInWorker<KMeansModel>;

/** A {@link GaussianMixtureModel} whose methods that take points run in the worker. */
export type ClientGaussianMixtureModel = GaussianMixtureModel & MethodsInWorker<GaussianMixtureModel>;
