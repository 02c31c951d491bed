import type { Allocation } from './device.ts';
import type { Dispatch } from './kernel.ts';
import { lengthWithin, type PassPlan } from './plan.ts';
import type { Queue } from './queue.ts';

/** Dispatches that a submit holds together, and their multiply-adds. */
export interface Piece {
  readonly dispatches: readonly Dispatch[];
  readonly work: number;
}

/**
 * Passes over all rows, in pieces as long as the queue's budget says. A pass begins with the length that is within the
 * budget then, and keeps it; what is bound for a length serves every pass that takes it.
 */
export class Passes {
  /** Multiply-adds of a pass. */
  readonly work: number;
  readonly #allocation: Allocation;
  readonly #plan: PassPlan;
  readonly #bind: (length: number) => readonly Piece[];
  readonly #bound = new Map<number, readonly Piece[]>();

  /** @param bind what a pass is made of, in pieces of at most so many slices */
  constructor(allocation: Allocation, plan: PassPlan, bind: (length: number) => readonly Piece[]) {
    this.work = plan.slices * plan.workPerSlice;
    this.#allocation = allocation;
    this.#plan = plan;
    this.#bind = bind;
  }

  async encode(queue: Queue, signal: AbortSignal | undefined): Promise<void> {
    const length = lengthWithin(queue.budget, this.#plan);
    let pieces = this.#bound.get(length);
    if (pieces === undefined) {
      const { result, accepted } = this.#allocation.tried(() => this.#bind(length));
      await accepted;
      pieces = result;
      this.#bound.set(length, pieces);
    }
    for (const { dispatches, work } of pieces) {
      for (const dispatch of dispatches) dispatch.encode(queue.pass);
      await queue.spend(work, signal);
    }
  }
}
