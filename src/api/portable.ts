/** What goes to other machines, and comes from them. */
import { checkInteger, checkObject, checkWhole, checkWord, has, isJSONOf, kindOf } from '../check.ts';
import { decode, encode } from '../engine/bytes.ts';
import { FixedTotal } from '../engine/fixed.ts';
import { type SharedFrame, sameValues } from '../engine/shared-frame.ts';
import type { ExactSums } from '../engine/statistics.ts';
import { frameFromJSON, outOfFrame, type PointsRange, type Units } from '../frame.ts';
import { described, type KMeansShardStatistics, statisticsOfExact } from '../kmeans/shards.ts';
import type { MixtureShardStatistics } from '../mixture/shards.ts';
import { GaussianMixtureModel } from '../models/gaussian-mixture-model.ts';
import { type KMeansJSON, KMeansModel } from '../models/kmeans-model.ts';
import { unwrapped } from '../proxies.ts';

/** What has a form in bytes, by its name. */
export interface Portable {
  /** See {@link rangeOf}. */
  PointsRange: PointsRange;
  /** See {@link frameOf}. */
  SharedFrame: SharedFrame;
  /** Of a model of k-means: see {@link statisticsOf}. */
  KMeansStatistics: KMeansShardStatistics;
  /** Of a mixture: see {@link statisticsOf}. */
  MixtureStatistics: MixtureShardStatistics;
  /** But for its labels, and with all that its update needs, which JSON rounds. */
  KMeansModel: KMeansModel;
  /** The same. */
  GaussianMixtureModel: GaussianMixtureModel;
}

const TYPES = [
  'PointsRange',
  'SharedFrame',
  'KMeansStatistics',
  'MixtureStatistics',
  'KMeansModel',
  'GaussianMixtureModel',
] as const satisfies readonly (keyof Portable)[];

/** Of what is no class of its own, an array that tells whether it has been through JSON. */
const ARRAYS: readonly (readonly [type: keyof Portable, arrayOf: (value: never) => unknown])[] = [
  ['PointsRange', ({ extremes }: PointsRange) => extremes?.low],
  ['SharedFrame', ({ variance }: SharedFrame) => variance],
  ['KMeansStatistics', ({ counts }: KMeansShardStatistics) => counts],
  ['MixtureStatistics', ({ counts }: MixtureShardStatistics) => counts],
];

/**
 * A range, a frame, statistics or a model as bytes, with a version, for a file or another machine.
 *
 * @throws {TypeError} where it is none of these.
 * @example
 * ```ts
 * import { fromBytes, kmeans, toBytes } from 'webgpu-clustering';
 *
 * const bytes = toBytes(await kmeans([[0], [1], [9]], { k: 2 }));
 * console.log(fromBytes(bytes, 'KMeansModel').k); // 2
 * ```
 */
export function toBytes(value: Portable[keyof Portable]): Uint8Array<ArrayBuffer> {
  const given = unwrapped(value);
  if (given instanceof KMeansModel || given instanceof GaussianMixtureModel) {
    const json = recordOf(given);
    return encode({ type: json.type, json, held: given.held });
  }
  const found = ARRAYS.find(([type]) => isJSONOf(type, given));
  if (found === undefined) {
    throw new TypeError(`value must be a range, a frame, statistics or a model, got ${kindOf(given)}`);
  }
  checkWhole('value', found[1](given as never));
  return encode(isJSONOf('KMeansStatistics', given) ? compact(given as KMeansShardStatistics) : given);
}

/** What bytes hold of a model: without centroids that follow from those of the frame. */
function recordOf(model: KMeansModel | GaussianMixtureModel): ReturnType<typeof model.record> {
  if (!(model instanceof KMeansModel)) return model.record();
  const record = model.record();
  if (model.held === undefined || record.frame === undefined) return record;
  const follow = sameValues(outOfFrame(model.held, model.frame), model.centroids);
  return follow ? { ...record, centroids: new Float64Array(0) } : record;
}

/** What stands for exact sums: their integers as words of 32 bits, from which counts and sums are rounded anew. */
interface Compact extends Omit<KMeansShardStatistics, 'counts' | 'sums' | 'exact'> {
  readonly words: { readonly high: Int32Array; readonly low: Uint32Array; readonly spilled: Map<number, bigint> };
  readonly units: Units;
}

/** Half of the bytes, where sums are exact and no larger than those of the rows that their units are for. */
function compact(statistics: KMeansShardStatistics): KMeansShardStatistics | Compact {
  const { exact } = statistics;
  if (exact === null) return statistics;
  const { high, low, spilled } = new FixedTotal(exact.integers);
  if (!high.every((value) => Math.abs(value) < 2 ** 31)) return statistics;
  const words = { high: new Int32Array(high), low: new Uint32Array(low), spilled };
  return { ...described(statistics), words, units: exact.units };
}

/** Above all integers of words, high·2^32 + low, with what is carried from one limb to the other. */
const LARGEST_WORDS = 2 ** 64;

function expanded({ words, units, ...rest }: Compact): KMeansShardStatistics {
  const [k, d] = shapeOf(rest);
  const { high, low, spilled } = words ?? {};
  checkUnits(units, d);
  const length = k * units.units.length;
  if (!(high instanceof Int32Array && high.length === length)) throw damaged('words.high');
  if (!(low instanceof Uint32Array && low.length === length)) throw damaged('words.low');
  checkSpilled(spilled, k, d, units);
  const integers = [{ high: new Float64Array(high), low: new Float64Array(low), spilled }];
  const statistics = statisticsOfExact(rest, { integers, units });
  const isSafe = spilled.size === 0 && units.units.every((unit) => unit * LARGEST_WORDS < Infinity);
  if (!statistics.counts.every((count) => count >= 0 && count < Infinity)) throw damaged('words');
  if (!isSafe && !statistics.sums.every(Number.isFinite)) throw damaged('words');
  return statistics;
}

/**
 * What `toBytes` was given. Bytes have no checksum: whoever carries them sees to it that none changes.
 *
 * @param types what it may be; without them anything that `toBytes` takes
 * @throws {TypeError | RangeError} where the bytes are something else, of another version or cut off, or not what they should be
 *   in number and kind.
 * @example
 * ```ts
 * import { fromBytes, fromCentroids, toBytes } from 'webgpu-clustering';
 *
 * console.log(fromBytes(toBytes(fromCentroids([[0], [9]])), 'KMeansModel').centroids.join()); // 0,9
 * ```
 */
export function fromBytes<T extends keyof Portable = keyof Portable>(
  bytes: Uint8Array,
  ...types: readonly T[]
): Portable[T] {
  const value = decode(bytes) as { readonly type?: unknown };
  const type = checkWord('the type in bytes', value.type, types.length > 0 ? types : TYPES);
  return READERS[type](value as never) as Portable[T];
}

type Raw<T> = { readonly [K in keyof T]: unknown };

const READERS: { readonly [T in keyof Portable]: (value: Raw<Portable[T]>) => Portable[T] } = {
  PointsRange(value) {
    const range = value as PointsRange;
    const { low, high } = checkObject('extremes', range.extremes) as PointsRange['extremes'];
    const d = checkArray('extremes.low', low).length;
    checkInteger('n', range.n, 1);
    checkInteger('positiveRows', range.positiveRows, 1);
    checkArray('extremes.high', high, d);
    checkArray('moments.mean', range.moments?.mean, d);
    checkArray('moments.variance', range.moments?.variance, d);
    for (const { values, weights } of range.samples) {
      const m = checkArray('samples.values', values).length / d;
      if (weights !== null) checkArray('samples.weights', weights, m);
    }
    return range;
  },
  SharedFrame(value) {
    const shared = value as SharedFrame;
    checkInteger('n', shared.n, 1);
    const d = checkArray('frame.shift', shared.frame?.shift).length;
    checkArray('variance', shared.variance, d);
    checkArray('usualVariance', shared.usualVariance, d);
    checkUnits(shared.units, d);
    return shared;
  },
  KMeansStatistics(value) {
    const statistics = value as KMeansShardStatistics;
    const [k, d] = shapeOf(statistics);
    if (typeof statistics.fingerprint !== 'string') throw damaged('fingerprint');
    checkArray('frame.shift', statistics.frame?.shift, d);
    if (has(value, 'words')) return expanded(value as unknown as Compact);
    checkArray('counts', statistics.counts, k);
    checkArray('sums', statistics.sums, k * d);
    if (statistics.exact === null) return statistics;
    const { integers, units } = checkObject('exact', statistics.exact) as ExactSums;
    checkUnits(units, d);
    for (const { high, low, spilled } of integers) {
      const length = k * units.units.length;
      checkArray('exact.high', high, length);
      checkArray('exact.low', low, length);
      checkSpilled(spilled, k, d, units);
    }
    return statistics;
  },
  MixtureStatistics(value) {
    const statistics = value as MixtureShardStatistics;
    const [k, d] = shapeOf(statistics);
    checkArray('parameters.means', statistics.parameters?.means, k * d);
    checkArray('moments.counts', statistics.moments?.counts, k);
    checkArray('moments.sums', statistics.moments?.sums, k * d);
    checkArray('moments.squares', statistics.moments?.squares);
    checkArray('frame.shift', statistics.frame?.shift, d);
    return statistics;
  },
  KMeansModel(value) {
    const { json: given, held } = value as unknown as { json: KMeansJSON; held?: Float64Array };
    const json = checkObject('json', given) as KMeansJSON;
    if (held !== undefined) checkArray('held', held, json.k * json.d);
    // Those that follow are not there.
    const frame = held !== undefined && json.centroids?.length === 0 ? frameFromJSON(json.frame, json.d) : null;
    const whole = frame === null ? json : { ...json, centroids: outOfFrame(held!, frame) as never };
    return Object.assign(KMeansModel.fromJSON(whole), { held });
  },
  GaussianMixtureModel(value) {
    const { json, held } = value as unknown as {
      json: ReturnType<GaussianMixtureModel['toJSON']>;
      held?: GaussianMixtureModel['held'];
    };
    const model = GaussianMixtureModel.fromJSON(json);
    for (const part of ['weights', 'means', 'covariances', 'precisionsCholesky'] as const) {
      if (held !== undefined) checkArray(`held.${part}`, held[part], model[part].length);
    }
    return Object.assign(model, { held });
  },
};

function shapeOf({ k, d, n }: { readonly k: number; readonly d: number; readonly n: number }): [number, number] {
  checkInteger('n', n, 1);
  return [checkInteger('k', k, 1), checkInteger('d', d, 1)];
}

function checkSpilled(spilled: unknown, k: number, d: number, { stride }: Units): void {
  const isPlace = (at: unknown) => Number.isInteger(at) && Number(at) >= 0 && Number(at) < k * stride;
  const isFine = ([at, sum]: [unknown, unknown]) => isPlace(at) && Number(at) % stride <= d && typeof sum === 'bigint';
  if (!(spilled instanceof Map && [...spilled].every(isFine))) throw damaged('spilled');
}

function checkUnits(given: Units, d: number): void {
  const { stride, limbs, units, limits } = checkObject('units', given) as Units;
  if (stride !== 2 * Math.ceil((d + 1) / 2)) throw damaged('units.stride');
  checkArray('units.units', units, checkInteger('units.limbs', limbs, 1) * stride);
  if (!units.every((unit) => unit > 0 && unit < Infinity)) throw damaged('units.units');
  checkArray('units.limits', limits, stride);
}

function checkArray(name: string, values: unknown, length?: number): Float64Array {
  if (values instanceof Float64Array && (length === undefined || values.length === length)) return values;
  throw damaged(name);
}

function damaged(name: string): RangeError {
  return new RangeError(`bytes are damaged: ${name} is not what it should be`);
}
