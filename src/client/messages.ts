/** What a client and its worker say to each other. */
import type { Given } from '../check.ts';
import type { Dataset } from '../dataset.ts';
import type { EngineOptions } from '../placement.ts';
import type { CrossedError } from './errors.ts';

/** The functions of a client that take points, with the place of their options among the arguments behind them. */
export const OPTIONS_AT = {
  kmeans: 0,
  bisectingKMeans: 0,
  gaussianMixture: 0,
  selectModel: 0,
  nearest: 1,
  silhouetteScore: 1,
  silhouetteSamples: 1,
  calinskiHarabaszScore: 1,
  daviesBouldinScore: 1,
  upload: 0,
} as const;

export type FunctionName = keyof typeof OPTIONS_AT;

/** What a worker is told. Its threads, which may run the same script, hear messages of other types. */
export type Request =
  | Serve
  | Call
  | { readonly type: 'abort'; readonly call: number }
  /** What a callback says. */
  | { readonly type: 'told'; readonly call: number; readonly answer: 'stop' | undefined }
  | { readonly type: 'release'; readonly dataset: number };

/** First of all. */
export interface Serve {
  readonly type: 'serve';
  /** Of the engine that `upload` puts points in; `workerUrl` is for the engines of other calls too. */
  readonly engine: Given<Omit<EngineOptions, 'device' | 'tuning' | 'workerUrl'>> & {
    readonly workerUrl: string | undefined;
  };
}

export interface Call {
  readonly type: 'call';
  readonly call: number;
  /** A function, or a method of `model`. */
  readonly verb: string;
  readonly model: unknown;
  readonly points: unknown;
  /** Those behind the points. */
  readonly args: readonly unknown[];
  /** Which of them are the options. */
  readonly optionsAt: number;
}

/** What it says of a call: of `READY` that it is there. */
export type Response =
  | { readonly call: number; readonly value: unknown }
  | { readonly call: number; readonly error: CrossedError }
  | { readonly call: number; readonly progress: unknown };

export const READY = 0;

/** What stands for points that the worker holds, and what a handle says of them. */
export interface Resident extends Pick<Dataset, 'n' | 'd' | 'metric' | 'rounding' | 'backend' | 'reason'> {
  readonly dataset: number;
}

export function isResident(value: unknown): value is Pick<Resident, 'dataset'> {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'dataset');
}
