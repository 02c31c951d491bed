/** What a process answers without rows of its own: how a fit begins, what statistics make of it, and how answers add up. */
import { fromCentroids } from '../api/from-centroids.ts';
import { gaussianMixture } from '../api/gaussian-mixture.ts';
import { kmeans } from '../api/kmeans.ts';
import { fromBytes, toBytes } from '../api/portable.ts';
import { addStatistics, frameOf, type ShardStatistics } from '../api/statistics.ts';
import { checkInteger, checkWord, has, readOptions } from '../check.ts';
import { decode } from '../engine/bytes.ts';
import type { SharedFrame } from '../engine/shared-frame.ts';
import { addRanges, outOfFrame } from '../frame.ts';
import type { KMeansShardStatistics } from '../kmeans/shards.ts';
import type { Metric } from '../metric.ts';
import type { CovarianceType } from '../mixture/forms/names.ts';
import type { FixedPart } from '../mixture/maximize.ts';
import type { Mixing } from '../mixture/parameters.ts';
import type { MixtureStart } from '../mixture/read.ts';
import type { MixtureShardStatistics } from '../mixture/shards.ts';
import { GaussianMixtureModel } from '../models/gaussian-mixture-model.ts';
import { KMeansModel } from '../models/kmeans-model.ts';
import type { Rows } from '../points.ts';
import { addKeyedRows, keyedRowsOf, keyedRowsToBytes } from './keyed-rows.ts';
import type { Message } from './messages.ts';

/** What a verb answers. */
export interface Answer {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly body?: Uint8Array;
}

export type Verb = (message: Message) => Promise<Answer> | Answer;

/** A fit between two passes over the rows: all that the next one has to know. */
export interface FitState {
  readonly frame: SharedFrame;
  readonly model: KMeansModel | GaussianMixtureModel;
}

function stateToBytes({ frame, model }: FitState): Uint8Array {
  const [first, second] = [toBytes(frame), toBytes(model)];
  const bytes = new Uint8Array(4 + first.length + second.length);
  new DataView(bytes.buffer).setUint32(0, first.length, true);
  bytes.set(first, 4);
  bytes.set(second, 4 + first.length);
  return bytes;
}

/** @throws {TypeError | RangeError} where the bytes are no state of a fit, or its parts do not belong together. */
export function stateOf(bytes: Uint8Array | undefined): FitState {
  if (bytes === undefined || bytes.length < 4) throw new RangeError('the state of a fit is missing');
  const end = 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const frame = fromBytes(bytes.subarray(4, end), 'SharedFrame');
  const model = fromBytes(bytes.subarray(end), 'KMeansModel', 'GaussianMixtureModel');
  const metric = model instanceof KMeansModel ? model.metric : 'euclidean';
  if (model.d !== frame.frame.shift.length || metric !== frame.metric) {
    throw new RangeError('the model of a state is not one of its frame');
  }
  return { frame, model };
}

function answerOf(state: FitState, more: Answer['header'] = {}): Answer {
  const { model } = state;
  const { iterations: iteration, converged } = model;
  // Moved by the next question, where there are any.
  const empty = model instanceof KMeansModel && iteration > 0 ? emptyOf(model).length : 0;
  return { header: { iteration, converged, empty, ...more }, body: stateToBytes(state) };
}

function emptyOf({ counts }: KMeansModel): number[] {
  return Array.from(counts.keys()).filter((c) => counts[c] === 0);
}

/** Answers of shards to one question as one, in their order. */
function merge({ parts }: Message): Answer {
  return { body: merged(parts) };
}

/** The same, as bytes of one answer. */
function merged(parts: readonly Uint8Array[]): Uint8Array {
  needAnswers(parts);
  if (parts.length === 1) return parts[0];
  const given = parts.map((part) => decode(part) as { readonly type?: unknown });
  const types = new Set(given.map(({ type }) => type));
  if (types.size !== 1) throw new RangeError(`answers of different kinds do not add up: ${[...types].join(', ')}`);
  if (types.has('KeyedRows')) return keyedRowsToBytes(addKeyedRows(parts.map(keyedRowsOf)));
  if (types.has('PointsRange')) {
    return toBytes(parts.map((part) => fromBytes(part, 'PointsRange')).reduce(addRanges));
  }
  return toBytes(allStatistics<ShardStatistics>(parts, 'KMeansStatistics', 'MixtureStatistics'));
}

/** Statistics of all shards, from those of each. */
function allStatistics<T extends ShardStatistics>(parts: readonly Uint8Array[], ...types: T['type'][]): T {
  needAnswers(parts);
  const statistics: ShardStatistics[] = parts.map((part) => fromBytes(part, ...types));
  return statistics.reduce((a, b) => addStatistics(a, b)) as T;
}

function needAnswers(parts: readonly Uint8Array[]): void {
  if (parts.length === 0) throw new RangeError('what shards answered is missing');
}

/** What a fit is asked for, in every header: options of `kmeans` and `gaussianMixture`, by their names. */
interface FitHeader {
  readonly kind: 'kmeans' | 'mixture';
  readonly k: number;
  readonly seed?: number;
  readonly init?: unknown;
  readonly tolerance?: number;
  readonly metric?: Metric;
  readonly covarianceType?: CovarianceType;
  readonly mixing?: Mixing;
  readonly fixed?: readonly FixedPart[];
  readonly regularization?: number;
}

const fitHeader = ({ header }: Message) => header as unknown as FitHeader;

const OF_BOTH = { kind: true, k: true, seed: true, init: true, tolerance: true } as const;
const OPTIONS = {
  kmeans: { ...OF_BOTH, metric: true },
  mixture: { ...OF_BOTH, covarianceType: true, mixing: true, fixed: true, regularization: true },
} as const;
/** What headers have beside. */
const OF_MESSAGES = ['protocol', 'verb', 'sizes', 'first', 'total'];

/** @throws {TypeError | RangeError} where there is no such fit, or an option that it has not. */
function checkFit(message: Message): FitHeader {
  const header = fitHeader(message);
  const kind = checkWord('kind', header.kind, ['kmeans', 'mixture']);
  const options = Object.entries(header).filter(([name]) => !OF_MESSAGES.includes(name));
  readOptions<object>(`a fit of kind '${kind}'`, Object.fromEntries(options), OPTIONS[kind]);
  checkInteger('k', header.k, 1);
  return header;
}

/** @throws {RangeError} where the model is not one of such a fit. */
function checkModel(what: string, { model, frame }: FitState, { kind, k, covarianceType }: FitHeader): void {
  const isKMeans = model instanceof KMeansModel;
  if (isKMeans !== (kind === 'kmeans')) throw new RangeError(`${what} is of another kind of fit than '${kind}'`);
  if (model.k !== k) throw new RangeError(`${what} has ${model.k} clusters, k is ${k}`);
  const { length: d } = frame.frame.shift;
  if (model.d !== d) throw new RangeError(`${what} has ${model.d} features, the points have ${d}`);
  if (!isKMeans && covarianceType !== undefined && model.covarianceType !== covarianceType) {
    throw new RangeError(`${what} has covariances of type '${model.covarianceType}', not '${covarianceType}'`);
  }
}

/** @throws {RangeError} where these are not the rows that the fit began with. */
function checkRows({ frame: { n } }: FitState, statistics: ShardStatistics): void {
  if (statistics.n !== n) throw new RangeError(`the shards have ${statistics.n} rows, the fit began with ${n}`);
}

/** The frame of all rows, from their ranges. */
function frame({ parts }: Message): Answer {
  return { body: toBytes(frameOf(fromBytes(merged(parts), 'PointsRange'))) };
}

/** Where a fit begins: at `init`, where that is all that it takes, else at what a fit of sampled rows came to. */
async function start(message: Message): Promise<Answer> {
  const [bytes, ...sampled] = message.parts;
  const fit = checkFit(message);
  const { kind, k, seed = 0, init, covarianceType = 'full' } = fit;
  const shared = fromBytes(bytes, 'SharedFrame');
  const points = () => {
    if (sampled.length === 0) throw new RangeError('a start without sampled rows needs init');
    const { values, d } = keyedRowsOf(merged(sampled));
    return { data: values, shape: [values.length / d, d] as [number, number] };
  };
  const { metric } = shared;
  if (kind === 'kmeans') {
    const ofSample = async () => {
      const { centroids, d } = await kmeans(points(), { k, seed, metric, backend: 'cpu' });
      return { data: centroids, shape: [k, d] as [number, number] };
    };
    const centroids = (init as Rows | undefined) ?? (await ofSample());
    const state = { frame: shared, model: fromCentroids(centroids, { metric }) };
    checkModel('init', state, fit);
    return answerOf(state);
  }
  const given = init as MixtureStart | undefined;
  const isAll = given !== undefined && ['weights', 'means', 'covariances'].every((part) => has(given, part));
  const { weights, means, covariances } = isAll
    ? (given as Required<MixtureStart>)
    : await gaussianMixture(points(), { k, seed, covarianceType, ...(given && { init: given }), backend: 'cpu' });
  const state = {
    frame: shared,
    model: GaussianMixtureModel.fromParameters({ weights, means, covariances, covarianceType }),
  };
  checkModel('init', state, fit);
  return answerOf(state);
}

/** The state behind an iteration, from the one before it and the statistics of all rows. */
async function update(message: Message): Promise<Answer> {
  const [state, ...answers] = message.parts;
  const before = stateOf(state);
  const { frame, model } = before;
  const { tolerance, mixing, fixed, regularization } = fitHeader(message);
  if (model instanceof KMeansModel) {
    const statistics = allStatistics<KMeansShardStatistics>(answers, 'KMeansStatistics');
    checkRows(before, statistics);
    const { n: rows, inertia } = statistics;
    return answerOf({ frame, model: await model.update(statistics, withoutUnsaid({ tolerance })) }, { rows, inertia });
  }
  const statistics = allStatistics<MixtureShardStatistics>(answers, 'MixtureStatistics');
  checkRows(before, statistics);
  const next = await model.update(statistics, withoutUnsaid({ tolerance, mixing, fixed, regularization }));
  return answerOf({ frame, model: next }, { rows: statistics.n, lowerBound: next.lowerBounds.at(-1) });
}

function withoutUnsaid<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

/** The state with its empty clusters, in their order, at the rows that are farthest from their own centroids. */
function relocate({ parts: [state, ...farthest] }: Message): Answer {
  const { frame, model } = stateOf(state);
  if (!(model instanceof KMeansModel) || model.held === undefined) {
    throw new RangeError('clusters are relocated behind an update of k-means');
  }
  const { values, d } = keyedRowsOf(merged(farthest));
  const held = model.held.slice();
  const moved = values.length / d;
  emptyOf(model)
    .slice(0, moved)
    .forEach((c, i) => {
      held.set(values.subarray(i * d, (i + 1) * d), c * d);
    });
  const fields = { ...model, held, centroids: outOfFrame(held, model.frame) };
  // Where none could be moved the fit ends by the rule that holds for every other iteration.
  const relocated = new KMeansModel({ ...fields, converged: model.converged && moved === 0 });
  return answerOf({ frame, model: relocated }, { moved, empty: 0 });
}

/** The model, as JSON in UTF-8, with what the statistics of its own parameters tell: the last assignment. */
function finish({ parts: [state, ...answers] }: Message): Answer {
  const last = stateOf(state);
  const { model } = last;
  const statistics = allStatistics<ShardStatistics>(answers, 'KMeansStatistics', 'MixtureStatistics');
  checkRows(last, statistics);
  const told =
    statistics.type === 'KMeansStatistics'
      ? { counts: Array.from(statistics.counts), inertia: statistics.inertia }
      : { lowerBound: statistics.logLikelihood / statistics.weight };
  return { body: new TextEncoder().encode(JSON.stringify({ ...model.toJSON(), ...told })) };
}

/** A state that was kept. */
function resume(message: Message): Answer {
  const state = stateOf(message.parts[0]);
  checkModel('the fit that was kept', state, checkFit(message));
  return answerOf(state, { empty: 0 });
}

/** Verbs of any process. */
export const FIT_VERBS: Readonly<Record<string, Verb>> = { merge, frame, start, update, relocate, finish, resume };
