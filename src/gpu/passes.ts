import type { Allocation } from './device.ts';
import type { Dispatch } from './kernel.ts';
import { lengthWithin, type PassPlan, type Span, spansOf } from './plan.ts';
import type { Queue } from './queue.ts';

/** Dispatches that a submit holds together, and their multiply-adds. */
interface Piece {
  readonly dispatches: readonly Dispatch[];
  readonly work: number;
}

/** What a pass is made of. */
export interface PassKernels {
  readonly first?: readonly Dispatch[];
  /** For slices of a span that begins at `origin`. */
  piece(slices: Span, origin: number): readonly Dispatch[];
  /** Behind all pieces of the nth of the spans: what sums them. */
  end(spans: readonly Span[], nth: number): readonly Dispatch[];
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
  readonly #kernels: PassKernels;
  readonly #bound = new Map<number, readonly Piece[]>();

  constructor(allocation: Allocation, plan: PassPlan, kernels: PassKernels) {
    this.work = plan.slices * plan.workPerSlice;
    this.#allocation = allocation;
    this.#plan = plan;
    this.#kernels = kernels;
  }

  /** Pieces of at most so many slices. */
  #bind(length: number): readonly Piece[] {
    const { slices, unit, held, workPerSlice } = this.#plan;
    const spans = spansOf(slices, Math.max(length, unit));
    // Where a unit is not within the budget, or the memory between kernels, all but the summing is cut further.
    const pieces = spans.flatMap((span, nth) => [
      ...spansOf(span.slices, Math.min(length, held)).map(({ firstSlice, slices }) => ({
        dispatches: this.#kernels.piece({ firstSlice: span.firstSlice + firstSlice, slices }, span.firstSlice),
        work: slices * workPerSlice,
      })),
      { dispatches: this.#kernels.end(spans, nth), work: 0 },
    ]);
    return [{ dispatches: this.#kernels.first ?? [], work: 0 }, ...pieces];
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
