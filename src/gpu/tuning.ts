/** Which variant is the fastest on a device, by the clock; and what callers have kept of that. */
import {
  checkBoolean,
  checkInteger,
  checkNotNegative,
  checkObject,
  checkWord,
  propertyOf,
  wrongKind,
} from '../check.ts';
import { TUNING_VERSION, type TunedShape, type TunedVariant, type Tuning } from '../engine/tuning.ts';
import type { Gpu } from './device.ts';
import { gather } from './gather.ts';
import { openVariant } from './kmeans.ts';
import { assignPlan, sameVariant, VARIANT_VALUES, type Variant, variantsFor } from './plan.ts';
import type { ResidentPoints } from './resident-points.ts';

/** Times that each variant has its turn: a clock that changes its speed hits all alike. */
const ROUNDS = 3;
/** No round begins later. */
const LIMIT_MS = 3000;
/** Timings in a turn. */
const TIMINGS = 2;
/** What a timing should take at least: clocks of browsers go by a millisecond, and so do answers of a queue. */
const LEAST_MS = 50;
/** Passes of a timing, at most. */
const MOST_PASSES = 256;
/** Of the usual time: what is not faster than this is so by chance. */
const FASTER = 0.95;

/**
 * Times the variants by passes over these points: the least time of each, until its queue is empty. GPU timestamps would say
 * no more, and not every device has them. One workspace is open at a time, as a fit has it. Of variants with the same kernels
 * one is timed, the usual one if it is among them. Variants that the device refuses are left out.
 *
 * @throws what the usual variant was refused with, where all were.
 */
export async function tune(
  gpu: Gpu,
  points: ResidentPoints,
  k: number,
  signal: AbortSignal | undefined,
): Promise<Tuning> {
  const { n, d } = points.summary;
  const usual = gpu.tuned.usual(d);
  /** What of a variant reaches kernels: different tiles may be cut alike. */
  const kernelsOf = (variant: Variant) =>
    JSON.stringify({ ...variant, tile: assignPlan(d, k, gpu.fitting(variant.tile)) });
  const known = new Set([kernelsOf(usual)]);
  const others: Variant[] = [];
  for (const variant of variantsFor(d, gpu.adapter)) {
    if (known.has(kernelsOf(variant)) || !sameVariant(variant, await gpu.able(variant, d))) continue;
    known.add(kernelsOf(variant));
    others.push(variant);
  }
  const spread = Uint32Array.from({ length: k }, (_, c) => Math.floor((c * n) / k));
  const centroids = await gather(gpu, points, spread, signal);
  const ends = performance.now() + LIMIT_MS;
  const isLate = () => performance.now() >= ends;
  /** Passes of a timing, the same for all variants; 0 as long as it is not known. */
  let passes = 0;

  /** The least time of a pass, in milliseconds. */
  const timeOf = async (variant: Variant): Promise<number> => {
    const workspace = await openVariant(gpu, points, k, signal, variant);
    let best = Infinity;
    const timed = async () => {
      const from = performance.now();
      await workspace.repeat(centroids, passes);
      const took = performance.now() - from;
      best = Math.min(best, took / passes);
      return took;
    };
    try {
      // Memory is touched for the first time, and the queue learns what a submit may hold.
      await workspace.repeat(centroids, 1);
      if (passes === 0) {
        passes = 1;
        while ((await timed()) < LEAST_MS && passes < MOST_PASSES) passes *= 2;
        // Of few passes the clock saw little, and of the first variant alone.
        best = Infinity;
      }
      for (let i = 0; i < TIMINGS && !(best < Infinity && isLate()); i++) await timed();
      return best;
    } finally {
      workspace.close();
    }
  };

  const times = new Map<Variant, number>([usual, ...others].map((variant) => [variant, Infinity]));
  let refusal: unknown;
  for (let round = 0; round < ROUNDS && !(round > 0 && isLate()); round++) {
    for (const [variant, best] of [...times]) {
      try {
        times.set(variant, Math.min(best, await timeOf(variant)));
      } catch (error) {
        signal?.throwIfAborted();
        gpu.checkAlive();
        points.check();
        refusal ??= error;
        times.delete(variant);
      }
    }
  }
  if (times.size === 0) throw refusal;

  const [fastest] = [...times.keys()].sort((a, b) => times.get(a)! - times.get(b)!);
  const variant = times.get(fastest)! < FASTER * (times.get(usual) ?? Infinity) ? fastest : usual;
  const milliseconds = Array.from(times, ([variant, best]) => ({ variant, best: Number(best.toPrecision(4)) }));
  gpu.tuned.remember({ d, k, variant, milliseconds });
  return tuningOf(gpu);
}

/** A copy of all that is known of the adapter. */
function tuningOf({ adapter: { vendor, architecture, description }, tuned }: Gpu): Tuning {
  const choices = tuned.choices.map(({ d, k, variant, milliseconds }) => ({
    ...{ d, k, variant: { ...variant } },
    milliseconds: milliseconds.map(({ variant, best }) => ({ variant: { ...variant }, best })),
  }));
  return { version: TUNING_VERSION, adapter: { vendor, architecture, description }, choices };
}

/**
 * What a caller has kept. Fields of variants that this version does not know are passed over, as one that has more of them
 * writes; a word that a known field does not have is an error: it comes with another version of the form.
 *
 * @throws {TypeError | RangeError} naming what is wrong.
 */
export function readTuning(value: unknown): Tuning {
  const json = checkObject('tuning', value);
  const version = checkInteger('tuning.version', propertyOf(json, 'version'), 1);
  if (version !== TUNING_VERSION) {
    throw new RangeError(`tuning.version is ${version}, this version of the library reads ${TUNING_VERSION}`);
  }
  const adapter = checkObject('tuning.adapter', propertyOf(json, 'adapter'));
  const named = (name: string) => {
    const value = propertyOf(adapter, name);
    if (typeof value !== 'string') throw wrongKind(`tuning.adapter.${name}`, 'a string', value);
    return value;
  };
  return {
    version,
    adapter: {
      vendor: named('vendor'),
      architecture: named('architecture'),
      description: named('description'),
    },
    choices: readArray('tuning.choices', propertyOf(json, 'choices'), readChoice),
  };
}

function readChoice(name: string, value: unknown): TunedShape {
  const given = checkObject(name, value);
  return {
    d: checkInteger(`${name}.d`, propertyOf(given, 'd'), 1),
    k: checkInteger(`${name}.k`, propertyOf(given, 'k'), 1),
    variant: readVariant(`${name}.variant`, propertyOf(given, 'variant')),
    milliseconds: readArray(`${name}.milliseconds`, propertyOf(given, 'milliseconds') ?? [], (name, value) => {
      const time = checkObject(name, value);
      return {
        variant: readVariant(`${name}.variant`, propertyOf(time, 'variant')),
        best: checkNotNegative(`${name}.best`, propertyOf(time, 'best')),
      };
    }),
  };
}

function readVariant(name: string, value: unknown): TunedVariant {
  const given = checkObject(name, value);
  const fields: [field: string, values: readonly unknown[]][] = Object.entries(VARIANT_VALUES);
  const read = fields.flatMap(([field, values]) => {
    const value = propertyOf(given, field);
    if (value === undefined) return [];
    const named = `${name}.${field}`;
    const isFlag = typeof values[0] === 'boolean';
    return [[field, isFlag ? checkBoolean(named, value) : checkWord(named, value, values as readonly string[])]];
  });
  return Object.fromEntries(read);
}

function readArray<T>(name: string, value: unknown, read: (name: string, value: unknown) => T): T[] {
  if (!Array.isArray(value)) throw wrongKind(name, 'an array', value);
  return Array.from(value, (entry, i) => read(`${name}[${i}]`, entry));
}
