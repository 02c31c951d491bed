/** Where shards live, the calling thread or a worker, seen from the engine: both are asked in the same way. */
import type { Steps } from '../../engine/steps.ts';
import type { Shard, ShardShape } from '../shard.ts';
import { type Kind, type Named, Residents } from './residents.ts';

/** A resident of a place that answers the verbs R. */
export interface Ref<R> {
  readonly place: Place;
  readonly id: number;
  /** Never there: it carries the type. */
  readonly verbs?: R;
}

/** What was asked and may not have been answered yet. */
export interface Question<T> {
  answer(): Steps<T>;
  /** Nobody waits for the answer any more. */
  cancel(): void;
}

export interface Place {
  /** Like `make`: whether that fails, the first question tells. */
  makeShard(id: number, shape: ShardShape): void;
  make(id: number, kind: Kind, on: number, options: unknown): void;
  /** @param transferred buffers that the caller gives away */
  ask(id: number, verb: string, args: readonly unknown[], transferred: ArrayBuffer[]): Question<unknown>;
  drop(id: number): void;
}

let lastId = 0;

export function makeShard(place: Place, shape: ShardShape): Ref<Shard> {
  const id = ++lastId;
  place.makeShard(id, shape);
  return { place, id };
}

export function make<R>({ place, id: on }: Ref<Shard>, kind: Kind, options?: unknown): Ref<R> {
  const id = ++lastId;
  place.make(id, kind, on, options);
  return { place, id };
}

export function drop({ place, id }: Ref<unknown>): void {
  place.drop(id);
}

type Verb<R> = { [V in keyof R]: R[V] extends (...args: never[]) => Steps<unknown> ? V : never }[keyof R] & string;
type Args<M> = M extends (...args: infer A) => Steps<unknown>
  ? { [I in keyof A]: A[I] extends Shard ? Named : A[I] }
  : never;
type Answer<M> = M extends (...args: never[]) => Steps<infer T> ? T : never;

export function ask<R, V extends Verb<R>>(
  { place, id }: Ref<R>,
  verb: V,
  args: Args<R[V]>,
  transferred: ArrayBuffer[] = [],
): Question<Answer<R[V]>> {
  return place.ask(id, verb, args as readonly unknown[], transferred) as Question<Answer<R[V]>>;
}

/** Puts all questions, then waits for the answers in order; where one fails the others are cancelled. */
export function* answersOf<T>(questions: readonly Question<T>[]): Steps<T[]> {
  const answers: T[] = [];
  try {
    for (const question of questions) answers.push(yield* question.answer());
    return answers;
  } finally {
    for (const question of questions.slice(answers.length)) question.cancel();
  }
}

/** Asks all of some residents the same. */
export function askAll<R, V extends Verb<R>>(
  refs: readonly Ref<R>[],
  verb: V,
  ...args: Args<R[V]> & unknown[]
): Steps<Answer<R[V]>[]> {
  return answersOf(refs.map((ref) => ask(ref, verb, args as Args<R[V]>)));
}

/** The thread that calls: answers are computed when they are waited for. */
export class CallingThread implements Place {
  readonly #residents: Residents;

  constructor(module: WebAssembly.Module | null) {
    this.#residents = new Residents(module, 'here');
  }

  makeShard(id: number, shape: ShardShape): void {
    this.#residents.makeShard(id, shape);
  }

  make(id: number, kind: Kind, on: number, options: unknown): void {
    this.#residents.make(id, kind, on, options);
  }

  ask(id: number, verb: string, args: readonly unknown[]): Question<unknown> {
    return { answer: () => this.#residents.ask(id, verb, args), cancel: () => undefined };
  }

  drop(id: number): void {
    this.#residents.drop(id);
  }
}
