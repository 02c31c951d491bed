/** What lives in one thread, made, asked and dropped by number: the calling thread has a host, and so has each worker. */
import type { Steps } from '../steps.ts';
import { createMemory, type Memory } from './memory.ts';
import { PlainClusters } from './plain/clusters.ts';
import { PlainMoments } from './plain/moments.ts';
import { PlainPotentials } from './plain/potentials.ts';
import { bytesOf, Shard, type ShardShape } from './shard.ts';
import { SimdClusters } from './simd/clusters.ts';
import { SimdMoments } from './simd/moments.ts';
import { SimdPotentials } from './simd/potentials.ts';

/** What works on a shard, by kernels where there are some. */
const MAKERS = {
  clusters: { simd: SimdClusters, plain: PlainClusters },
  potentials: { simd: SimdPotentials, plain: PlainPotentials },
  moments: { simd: SimdMoments, plain: PlainMoments },
};

export type Kind = keyof typeof MAKERS;

/** A resident as an argument. */
export interface Named {
  readonly resident: number;
}

interface Resident {
  free(): void;
}

type Verbs = Readonly<Record<string, (...args: unknown[]) => Steps<unknown>>>;

export class Host {
  readonly #module: WebAssembly.Module | null;
  readonly #shared: boolean;
  readonly #residents = new Map<number, Resident>();

  /**
   * @param module the kernels, null for TypeScript's
   * @param shared whether they are for shared memories
   */
  constructor(module: WebAssembly.Module | null, shared: boolean) {
    this.#module = module;
    this.#shared = shared;
  }

  /** @param memory one that holds the rows already, or is about to */
  makeShard(id: number, shape: ShardShape, memory: Memory | null): void {
    this.#residents.set(id, new Shard(shape, memory ?? createMemory(bytesOf(shape), this.#shared), this.#module));
  }

  make(id: number, kind: Kind, on: number, options: unknown): void {
    const shard = this.#resident(on) as Shard;
    const maker = MAKERS[kind][shard.kernels === null ? 'plain' : 'simd'] as new (
      shard: Shard,
      options: unknown,
    ) => Resident;
    this.#residents.set(id, new maker(shard, options));
  }

  ask(id: number, verb: string, args: readonly unknown[]): Steps<unknown> {
    const resident = this.#resident(id) as unknown as Verbs;
    return resident[verb](...args.map((arg) => (isNamed(arg) ? this.#resident(arg.resident) : arg)));
  }

  drop(id: number): void {
    this.#residents.get(id)?.free();
    this.#residents.delete(id);
  }

  #resident(id: number): Resident {
    const resident = this.#residents.get(id);
    if (resident === undefined) throw new TypeError('the dataset was destroyed');
    return resident;
  }
}

function isNamed(arg: unknown): arg is Named {
  return typeof arg === 'object' && arg !== null && 'resident' in arg;
}
