/** Where points are, and why. */
import type { EngineDataset } from './engine/contract.ts';

/**
 * Why something is where it is: the caller asked for it; there is a hardware adapter, or none whose device can do the work, or
 * only one in software; the points are too few for a GPU, or need more digits than float32 has; the GPU was lost.
 *
 * @useDeclaredType
 */
export type Reason = (typeof REASONS)[number];

export const REASONS = [
  'asked',
  'hardware',
  'no-adapter',
  'software-adapter',
  'small',
  'precision',
  'device-lost',
] as const;

/** Where points are at the moment, and why. */
export interface Home {
  readonly dataset: EngineDataset;
  readonly reason: Reason;
}

/** All datasets that there are: a page that has none need not load their class to know it. */
export const datasets = new WeakSet<object>();
