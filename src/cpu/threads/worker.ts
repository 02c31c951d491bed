/** What runs in a worker: its residents, and the messages that it is reached by. */
import { run } from '../../steps.ts';
import { listen } from '../../thread.ts';
import { ARRIVALS_MAKERS } from '../families/arrivals.ts';
import { DISTANCES_MAKERS } from '../families/distances.ts';
import { KMEANS_MAKERS } from '../families/kmeans.ts';
import { MIXTURE_MAKERS } from '../families/mixture.ts';
import { NEAREST_MAKERS } from '../families/nearest.ts';
import { RELAXED_MAKERS } from '../families/relaxed.ts';
import { SEEDING_MAKERS } from '../families/seeding.ts';
import { type Request, type Response, START } from './messages.ts';
import { type FamilyName, type Makers, Residents } from './residents.ts';

const MAKERS: Readonly<Record<FamilyName, Makers>> = {
  kmeans: KMEANS_MAKERS,
  relaxed: RELAXED_MAKERS,
  mixture: MIXTURE_MAKERS,
  seeding: SEEDING_MAKERS,
  distances: DISTANCES_MAKERS,
  nearest: NEAREST_MAKERS,
  arrivals: ARRIVALS_MAKERS,
};

let residents: Residents;
/** By the number of their call. */
const running = new Map<number, AbortController>();

/** Lives in a thread from now on. */
export function reside(): void {
  const post = listen<Request, Response>((request) => {
    switch (request.type) {
      case 'start':
        residents = new Residents(request.shared ? 'shared' : 'apart');
        residents.learn('kmeans', MAKERS.kmeans, request.kmeans);
        return post({ call: START }, []);
      case 'learn':
        return residents.learn(request.family, MAKERS[request.family], request.module);
      case 'shard':
        return residents.makeShard(request.id, request.shape);
      case 'make':
        return residents.make(request.id, request.family, request.kind, request.on, request.options);
      case 'ask':
        return answer(request, post);
      case 'cancel':
        return running.get(request.call)?.abort();
      case 'drop':
        return residents.drop(request.id);
    }
  });
}

async function answer(
  { call, id, verb, args }: Extract<Request, { type: 'ask' }>,
  post: (response: Response, transferred: ArrayBuffer[]) => void,
): Promise<void> {
  const controller = new AbortController();
  running.set(call, controller);
  try {
    const value = await run(residents.ask(id, verb, args), controller.signal);
    post({ call, value }, buffersIn(value));
  } catch (error) {
    if (!controller.signal.aborted) post({ call, error }, []);
  } finally {
    running.delete(call);
  }
}

/** Answers are copies, made to be given away. */
function buffersIn(value: unknown): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) return value.buffer instanceof ArrayBuffer ? [value.buffer] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(buffersIn);
}
