/** What runs in a client's worker: the library's functions, asked by messages. */

import { type Engine, engineOf, type UploadOptions } from '../api/create-engine.ts';
import { errorToCross } from '../client/errors.ts';
import {
  type Call,
  type FunctionName,
  isResident,
  READY,
  type Request,
  type Resident,
  type Response,
  type Serve,
} from '../client/messages.ts';
import { answerToCross, argumentFromCross, buffersOf, type Crossed, fitOf } from '../client/values.ts';
import type { Dataset } from '../dataset.ts';
import { setWorkerUrl } from '../defaults.ts';
import {
  bisectingKMeans,
  calinskiHarabaszScore,
  daviesBouldinScore,
  GaussianMixtureModel,
  gaussianMixture,
  KMeansModel,
  kmeans,
  nearest,
  selectModel,
  silhouetteSamples,
  silhouetteScore,
} from '../index.ts';
import { EngineSet } from '../placement.ts';
import type { PointsInput } from '../points.ts';
import { Answer } from '../steps.ts';
import { listen } from '../thread.ts';

/** What is asked of points, as the library has it: arguments are checked there. */
type Verb = (points: never, ...args: never[]) => Promise<unknown>;

const VERBS: Readonly<Record<FunctionName, Verb>> = {
  kmeans,
  bisectingKMeans,
  gaussianMixture,
  selectModel,
  nearest,
  silhouetteScore,
  silhouetteSamples,
  calinskiHarabaszScore,
  daviesBouldinScore,
  upload,
};

/** A call that is being answered. */
interface Running {
  readonly controller: AbortController;
  /** Which waits for what the caller's callback says. */
  question: { resolve(answer: 'stop' | undefined): void; reject(reason: unknown): void } | null;
}

const running = new Map<number, Running>();
const datasets = new Map<number, Dataset>();
let lastDataset = 0;
let options: Partial<Serve['engine']> = {};
let engine: Promise<Engine> | null = null;

type Post = (response: Response, transferred: ArrayBuffer[]) => void;

/** Answers clients from now on. */
export function serve(): void {
  const post = listen<Request, Response>((request) => {
    switch (request.type) {
      case 'serve':
        options = request.engine;
        setWorkerUrl(options.workerUrl);
        return post({ call: READY, value: null }, []);
      case 'call':
        return answer(request, post);
      case 'told':
        return running.get(request.call)?.question?.resolve(request.answer);
      case 'abort':
        return abort(request.call);
      case 'release':
        datasets.get(request.dataset)?.destroy();
        return datasets.delete(request.dataset);
    }
  });
}

async function answer(request: Call, post: Post): Promise<void> {
  const { call } = request;
  const controller = new AbortController();
  running.set(call, { controller, question: null });
  try {
    const value = answerToCross(await perform(request, controller.signal, post));
    post({ call, value }, buffersOf(value));
  } catch (error) {
    post({ call, error: errorToCross(error) }, []);
  } finally {
    running.delete(call);
  }
}

function abort(call: number): void {
  const known = running.get(call);
  known?.controller.abort();
  known?.question?.reject(known.controller.signal.reason);
}

async function perform(
  { call, verb, model, points, args, optionsAt }: Call,
  signal: AbortSignal,
  post: Post,
): Promise<unknown> {
  const revive = (crossed: Crossed) => revived(crossed, (progress) => ask(call, progress, post));
  const given = args.map((arg) => argumentFromCross(arg, revive));
  const options = given[optionsAt];
  // What is no object is for the function to refuse.
  if (options === undefined || (typeof options === 'object' && options !== null))
    given[optionsAt] = { ...options, signal };
  const at = isResident(points) ? datasetOf(points.dataset) : points;
  if (model === null) return Reflect.apply(VERBS[verb as FunctionName], null, [at, ...given]);
  const target = argumentFromCross(model, revive) as Readonly<Record<string, Verb>>;
  return Reflect.apply(target[verb], target, [at, ...given]);
}

function revived(crossed: Crossed, tell: (progress: unknown) => Answer): unknown {
  switch (crossed.$crossed) {
    case 'kmeans':
      return new KMeansModel(crossed.fields);
    case 'mixture':
      return new GaussianMixtureModel(fitOf(crossed.fields), crossed.fields.reason);
    case 'function':
      return tell;
    case 'object':
      return Object.create({ constructor: { name: crossed.name } });
    case 'answer':
      return () => crossed.value;
  }
}

/** What the caller's callback says, for which the fit waits: so it is the one that it would be without a worker. */
function ask(call: number, progress: unknown, post: Post): Answer {
  return new Answer((resolve, reject) => {
    running.get(call)!.question = { resolve, reject };
    post({ call, progress: answerToCross(progress) }, []);
  });
}

async function upload(points: PointsInput, given: UploadOptions): Promise<Resident> {
  engine ??= EngineSet.create(options).then(engineOf);
  engine.catch(() => {
    engine = null;
  });
  const dataset = await (await engine).upload(points, given);
  if (given.signal?.aborted) dataset.destroy();
  given.signal?.throwIfAborted();
  datasets.set(++lastDataset, dataset);
  const { n, d, metric, rounding, backend, reason } = dataset;
  return { dataset: lastDataset, n, d, metric, rounding: rounding.slice(), backend, reason };
}

function datasetOf(id: number): Dataset {
  const dataset = datasets.get(id);
  if (dataset === undefined) throw new TypeError('the dataset was destroyed');
  return dataset;
}
