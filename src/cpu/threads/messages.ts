import type { ShardShape } from '../shard.ts';
import type { FamilyName } from './residents.ts';

/** What a worker is told. */
export type Request =
  | { readonly type: 'start'; readonly shared: boolean; readonly kmeans: WebAssembly.Module | null }
  | { readonly type: 'learn'; readonly family: FamilyName; readonly module: WebAssembly.Module | null }
  | { readonly type: 'shard'; readonly id: number; readonly shape: ShardShape }
  | Make
  | Ask
  | { readonly type: 'cancel'; readonly call: number }
  | { readonly type: 'drop'; readonly id: number };

interface Make {
  readonly type: 'make';
  readonly id: number;
  readonly family: FamilyName;
  readonly kind: string;
  readonly on: number;
  readonly options: unknown;
}

interface Ask {
  readonly type: 'ask';
  readonly call: number;
  readonly id: number;
  readonly verb: string;
  readonly args: readonly unknown[];
}

/** What it answers to a call; to `START` that it is there. */
export interface Response {
  readonly call: number;
  readonly value?: unknown;
  readonly error?: unknown;
}

export const START = 0;
