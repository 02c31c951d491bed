/** What lives in one thread, made, asked and dropped by number: the calling thread has some, and so has each worker. */
import { owns } from '../../check.ts';
import type { Steps } from '../../steps.ts';
import { createArena, isWebAssembly, roomFor, ShardMemory } from '../memory.ts';
import { bytesOf, Shard, type ShardShape } from '../shard.ts';
import { type Compiled, instantiate } from '../wasm.ts';

/**
 * What is made of a shard for one purpose: each kind by kernels, or in TypeScript. A thread learns a family when it is
 * first asked for one of it, so that nobody loads the kernels of what they do not use.
 */
export interface Family {
  readonly name: FamilyName;
  readonly makers: Makers;
  /** The module that all of its kernels are in. */
  readonly kernels: Compiled;
}

export type FamilyName = 'kmeans' | 'relaxed' | 'mixture' | 'seeding' | 'distances' | 'nearest' | 'arrivals';

export type Makers = Readonly<Record<string, Maker>>;

/** Kernels and options are what the kind needs, which its family and whoever asks for it know. */
export interface Maker {
  readonly simd: new (shard: Shard, kernels: never, options: never) => { free(): void };
  readonly plain: new (shard: Shard, options: never) => { free(): void };
  /** Whether kernels read rows of float64 too. */
  readonly takesPrecise?: boolean;
}

/** A resident as an argument. */
export interface Named {
  readonly resident: number;
}

/** How the engine reaches the memories: it is in the same thread, or shares them, or has to send what they are to hold. */
export type Sharing = 'here' | 'shared' | 'apart';

/** Arenas that a thread keeps for shards to come, and their bytes. For a while the calling thread keeps more of them, a worker all. */
const FEW = 4;
const KEPT = 2 ** 24;
const KEPT_MS = 2000;
/**
 * An arena that is so many times too large, and larger than that, is not taken: it could not be let go while the rows live.
 * But where it never had far larger rows: what was computed of them made it as large.
 */
const MOST_SPARE = 4;
const SMALL = 2 ** 19;

/** Rows in an arena that is theirs for a while. */
interface Tenancy {
  readonly shard: Shard;
  /** See `Vacant`. */
  readonly room: number;
  /** How many questions are being answered from it. */
  working: number;
  /** Whether the shard was dropped. */
  over: boolean;
}

interface Resident {
  readonly tenancy: Tenancy;
  readonly self: Verbs & { free(): void };
}

/** A family that the thread knows. */
interface Learnt {
  readonly makers: Makers;
  readonly module: WebAssembly.Module | null;
  readonly kernels: WeakMap<ShardMemory, WebAssembly.Exports>;
}

/** An arena without a tenant. */
interface Vacant {
  readonly arena: ShardMemory;
  readonly since: number;
  /** Bytes that rows have needed of it, at most. */
  readonly room: number;
}

/** What could not be made. */
interface Failure {
  readonly error: unknown;
}

type Verbs = Readonly<Record<string, (...args: unknown[]) => Steps<unknown>>>;

export class Residents {
  readonly #sharing: Sharing;
  readonly #families = new Map<FamilyName, Learnt>();
  readonly #residents = new Map<number, Resident | Failure>();
  /**
   * Arenas that wait for a tenant: threads would give a memory back only when they next collect garbage, which those
   * that make little of their own hardly do.
   */
  readonly #vacant: Vacant[] = [];

  constructor(sharing: Sharing) {
    this.#sharing = sharing;
  }

  /** @param module the family's kernels, for shared memories where those are shared; null for TypeScript's */
  learn(name: FamilyName, makers: Makers, module: WebAssembly.Module | null): void {
    this.#families.set(name, { makers, module, kernels: new WeakMap() });
  }

  makeShard(id: number, shape: ShardShape): void {
    this.#settle(id, () => {
      const { arena, room } = this.#arenaFor(bytesOf(shape));
      const shard = new Shard(shape, arena, this.#canBeReached(arena));
      return { tenancy: { shard, room, working: 0, over: false }, self: shard as unknown as Resident['self'] };
    });
  }

  make(id: number, family: FamilyName, kind: string, on: number, options: unknown): void {
    this.#settle(id, () => {
      const { tenancy } = this.#resident(on);
      const { shard } = tenancy;
      const learnt = this.#families.get(family)!;
      const { simd, plain, takesPrecise } = learnt.makers[kind];
      const made = (make: () => { free(): void }) => ({
        tenancy,
        self: shard.memory.allOrNothing(make) as Resident['self'],
      });
      const makePlain = () => made(() => new plain(shard, options as never));
      const kernels = shard.precise && !takesPrecise ? null : kernelsFor(learnt, shard.memory);
      if (kernels === null) return makePlain();
      try {
        return made(() => new simd(shard, kernels as never, options as never));
      } catch (error) {
        try {
          // TypeScript has memory beside the shard's, which ends at 4 GiB.
          return makePlain();
        } catch {
          throw error;
        }
      }
    });
  }

  /** @throws the reason where what is asked could not be made. */
  *ask(id: number, verb: string, args: readonly unknown[]): Steps<unknown> {
    const { self, tenancy } = this.#resident(id);
    const tenancies = [tenancy];
    const given: unknown[] = [];
    for (const arg of args) {
      const named = isNamed(arg) ? this.#resident(arg.resident) : null;
      if (named !== null) tenancies.push(named.tenancy);
      given.push(named === null ? arg : named.self);
    }
    for (const one of tenancies) one.working++;
    try {
      return yield* self[verb](...given);
    } finally {
      for (const one of tenancies) {
        one.working--;
        this.#vacate(one);
      }
    }
  }

  /** A shard takes what works on it along. */
  drop(id: number): void {
    const resident = this.#residents.get(id);
    this.#residents.delete(id);
    if (resident === undefined || owns(resident, 'error')) return;
    const { self, tenancy } = resident;
    self.free();
    if (tenancy.shard !== (self as unknown)) return;
    tenancy.over = true;
    for (const [id, other] of this.#residents) {
      if (owns(other, 'tenancy') && other.tenancy === tenancy) this.#residents.delete(id);
    }
    this.#vacate(tenancy);
  }

  /** The vacant arena with room, and not far too much of it, that had rows most like these; else the largest without, which grows. */
  #arenaFor(bytes: number): Pick<Vacant, 'arena' | 'room'> {
    this.#release();
    const needed = roomFor(bytes);
    const most = MOST_SPARE * needed;
    const merit = ({ arena, room }: Vacant) =>
      arena.u8.length < needed ? arena.u8.length - needed : Math.min(room / needed, needed / room);
    const [best] = this.#vacant
      .filter(({ arena, room }) => arena.u8.length <= Math.max(SMALL, most) || room <= most)
      .sort((a, b) => merit(b) - merit(a));
    if (best !== undefined) {
      try {
        best.arena.reserve(needed);
        this.#vacant.splice(this.#vacant.indexOf(best), 1);
        return { arena: best.arena, room: Math.max(needed, best.room) };
      } catch {
        // It stays for others.
      }
    }
    return { arena: new ShardMemory(createArena(bytes, this.#sharing === 'shared')), room: needed };
  }

  /** Gives an arena to whoever comes next, once nobody has it. */
  #vacate({ shard, room, over, working }: Tenancy): void {
    if (!over || working > 0) return;
    const arena = shard.memory;
    arena.clear();
    this.#vacant.push({ arena, since: performance.now(), room });
    this.#release();
  }

  /** Lets go of what is too much, or that nobody came for: the smallest stay, as the last block of a stream comes once a pass. */
  #release(): void {
    const oldest = performance.now() - KEPT_MS;
    let left = KEPT;
    for (const one of this.#vacant.splice(0).sort((a, b) => a.arena.u8.length - b.arena.u8.length)) {
      const { length } = one.arena.u8;
      const isYoung = one.since >= oldest;
      if (length <= left ? isYoung || this.#vacant.length < FEW : isYoung && this.#sharing !== 'here') {
        left -= length;
        this.#vacant.push(one);
      }
    }
  }

  #canBeReached({ memory }: ShardMemory): boolean {
    return this.#sharing === 'here' || (this.#sharing === 'shared' && memory.buffer instanceof SharedArrayBuffer);
  }

  /** What was made, or why it was not: that is the answer to whatever it is asked. */
  #settle(id: number, make: () => Resident): void {
    try {
      this.#residents.set(id, make());
    } catch (error) {
      this.#residents.set(id, { error });
    }
  }

  #resident(id: number): Resident {
    const resident = this.#residents.get(id);
    if (resident === undefined) throw new TypeError('the dataset was destroyed');
    if (owns(resident, 'error')) throw resident.error;
    return resident;
  }
}

function kernelsFor({ module, kernels }: Learnt, arena: ShardMemory): WebAssembly.Exports | null {
  if (module === null || !isWebAssembly(arena.memory)) return null;
  const known = kernels.get(arena);
  if (known !== undefined) return known;
  const made = instantiate(module, arena.memory);
  kernels.set(arena, made);
  return made;
}

function isNamed(arg: unknown): arg is Named {
  return typeof arg === 'object' && arg !== null && !ArrayBuffer.isView(arg) && Object.hasOwn(arg, 'resident');
}
