/** Where shards live, the calling thread or a worker, seen from the engine: both are asked in the same way. */
import type { Steps } from '../../steps.ts';
import type { Shard, ShardShape } from '../shard.ts';
import { type Family, type Maker, type Named, Residents } from './residents.ts';

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
  /** Whether memory of the calling thread's can be read there. */
  readonly isShared: boolean;
  /** Such memory, which nobody reads any more. */
  readonly spares: Float64Array[];
  /** Like `make`: whether that fails, the first question tells. */
  makeShard(id: number, shape: ShardShape): void;
  /** One of a family, on a shard. */
  make(id: number, family: Family, kind: string, on: number, options: unknown): void;
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

/** What a kind is made with, beside the shard. */
type Options<M extends Maker> = ConstructorParameters<M['plain']> extends [Shard, ...infer O] ? O : never;

export function make<F extends Family, K extends keyof F['makers'] & string>(
  { place, id: on }: Ref<Shard>,
  family: F,
  kind: K,
  ...[options]: Options<F['makers'][K]>
): Ref<InstanceType<F['makers'][K]['plain']>> {
  const id = ++lastId;
  place.make(id, family, kind, on, options);
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
    for (let i = answers.length; i < questions.length; i++) questions[i].cancel();
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
  readonly isShared = false;
  readonly spares = [];
  readonly #residents = new Residents('here');
  readonly #simd: boolean;
  readonly #learnt = new Set<Family>();

  /** @param simd whether there are kernels, where they can be compiled */
  constructor(simd: boolean) {
    this.#simd = simd;
  }

  makeShard(id: number, shape: ShardShape): void {
    this.#residents.makeShard(id, shape);
  }

  make(id: number, family: Family, kind: string, on: number, options: unknown): void {
    if (!this.#learnt.has(family)) {
      this.#residents.learn(family.name, family.makers, this.#simd ? family.kernels(false) : null);
      this.#learnt.add(family);
    }
    this.#residents.make(id, family.name, kind, on, options);
  }

  ask(id: number, verb: string, args: readonly unknown[]): Question<unknown> {
    return { answer: () => this.#residents.ask(id, verb, args), cancel: () => undefined };
  }

  drop(id: number): void {
    this.#residents.drop(id);
  }
}
