/** Calls of the library's functions and methods, put into messages; answers made what the function would return. */
import { checkBoolean, checkSignal, has, propertyOf } from '../check.ts';
import type { GaussianMixtureJSON } from '../models/gaussian-mixture-model.ts';
import type { KMeansJSON } from '../models/kmeans-model.ts';
import type { PointsInput } from '../points.ts';
import { unwrapped } from '../proxies.ts';
import { type Awaitable, heeding, run } from '../steps.ts';
import { residentOf } from './dataset.ts';
import type { Link } from './link.ts';
import type { Call } from './messages.ts';
import { type Model, modelOf, restored, withMethods } from './models.ts';
import { type Crossing, crossing } from './points.ts';
import { argumentToCross, type CrossedModel, isCrossedModel, progressFromCross } from './values.ts';

type Asked = Pick<Call, 'verb' | 'model' | 'optionsAt'>;
/** What is asked of a worker, and models of which it is asked. */
export function asking(link: Link) {
  async function ask(asked: Asked, points: unknown, args: readonly unknown[]): Promise<unknown> {
    link.checkAlive();
    const { signal, transfer, callback, others } = readOwn(args[asked.optionsAt]);
    signal?.throwIfAborted();
    // All that is copied at the call, before anything is waited for.
    const reading = readPoints(points, transfer, link, signal);
    if (reading instanceof Promise) reading.catch(() => undefined);
    const given = args.map((arg, i) => argumentToCross(i === asked.optionsAt ? others : arg));
    const { points: sent, buffers } = await reading;
    const answer = await heeding(callback, signal, (tell) => {
      const message = (call: number): Call => ({ type: 'call', call, ...asked, points: sent, args: given });
      return link.ask(message, buffers, signal, tell && ((progress) => said(tell(progressFromCross(progress)))));
    });
    if (isCrossedModel(answer)) return inWorker(await restored(answer));
    if (!isSelection(answer)) return answer;
    return { ...answer, best: inWorker(await restored(answer.best)) };
  }

  function inWorker(model: Model): Model {
    const asked = (verb: string) => ({ verb, model: argumentToCross(model), optionsAt: 0 });
    return withMethods(model, async (verb, points, args) => ask(asked(verb), points, args));
  }

  return { ask, load: async (json: KMeansJSON | GaussianMixtureJSON) => inWorker(await modelOf(json)) };
}

function isSelection(answer: unknown): answer is { readonly best: CrossedModel } {
  return typeof answer === 'object' && answer !== null && Object.hasOwn(answer, 'best');
}

/** What a client reads of options, and those that are the function's. */
interface Own {
  readonly signal: AbortSignal | undefined;
  readonly transfer: boolean;
  /** What is told of progress. */
  readonly callback: ((progress: unknown) => unknown) | undefined;
  readonly others: unknown;
}

/** @throws {TypeError} for an option that cannot cross, and one of the client's that is wrong. */
function readOwn(options: unknown): Own {
  if (typeof options !== 'object' || options === null) {
    return { signal: undefined, transfer: false, callback: undefined, others: options };
  }
  if (propertyOf(options, 'device') !== undefined) {
    throw new TypeError('device cannot cross to a worker, which has devices of its own');
  }
  if (propertyOf(options, 'output') === 'buffer') throw new TypeError("output 'buffer' cannot cross from a worker");
  const others: Record<string, unknown> = {};
  for (const name in options) if (name !== 'signal' && name !== 'transfer') others[name] = propertyOf(options, name);
  const callback = [others.onIteration, others.onProgress].find((given) => typeof given === 'function');
  return {
    signal: checkSignal(propertyOf(options, 'signal')),
    transfer: checkBoolean('transfer', propertyOf(options, 'transfer') ?? false),
    callback: callback as Own['callback'],
    others,
  };
}

/** @throws {TypeError} for points that cannot cross. */
function readPoints(
  given: unknown,
  transfer: boolean,
  link: Link,
  signal: AbortSignal | undefined,
): Awaitable<Crossing> {
  const resident = residentOf(given, link);
  if (resident !== null) return { points: { dataset: resident.dataset }, buffers: [] };
  const points = unwrapped(given);
  if (isDataset(points)) {
    throw new TypeError('a Dataset of an engine cannot cross to a worker: give the points to the upload of the client');
  }
  return run(crossing(points as PointsInput, transfer), signal);
}

/** Told by what it has: the client is a bundle of its own, which does not have the list of those that there are. */
function isDataset(points: unknown): boolean {
  return typeof points === 'object' && points !== null && has(points, 'rounding') && has(points, 'use');
}

function said(answer: unknown): 'stop' | undefined {
  return answer === 'stop' ? 'stop' : undefined;
}
