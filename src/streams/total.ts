/** What assignments of blocks to the same centroids add up to. */
import type { KMeansWorkspace } from '../engine/contract.ts';
import { countsAndSums, FixedTotal, inertiaOf } from '../engine/fixed.ts';
import { addKMeansStatistics, type ExactSums, type KMeansStatistics } from '../engine/statistics.ts';
import type { Steps } from '../steps.ts';

/** Called while the workspace is open, and its last assignment is the one that was asked for. */
export type Taking = (total: PassTotal) => void;

/**
 * One assignment of a block of n rows.
 *
 * @param isExact whether the inertia is summed term by term
 */
export async function assigned(
  workspace: KMeansWorkspace,
  n: number,
  centroids: Float64Array,
  isExact: boolean,
): Promise<Taking> {
  if (workspace.integers === undefined) {
    const statistics = await workspace.accumulate(centroids);
    const inertia = isExact ? await workspace.inertia() : statistics.inertia;
    return (total) => total.add({ ...statistics, inertia, changed: n, exact: null });
  }
  const { exact, squares } = await workspace.integers(centroids);
  const inertia = isExact ? await workspace.inertia() : 0;
  return (total) => total.addIntegers(exact, squares, inertia, n);
}

/** The sums of a pass: those of an engine whose sums are exact become numbers once, in its end. */
export class PassTotal {
  #integers: FixedTotal | null = null;
  #units: ExactSums['units'] | null = null;
  #squares = 0;
  #inertia = 0;
  #rows = 0;
  /** Of the blocks of another engine. */
  #others: KMeansStatistics | null = null;

  /** @param squares Σ w·‖x‖² of the rows */
  addIntegers({ integers, units }: ExactSums, squares: number, inertia: number, rows: number): void {
    if (this.#integers === null) this.#integers = new FixedTotal(integers);
    else for (const part of integers) this.#integers.add(part);
    this.#units = units;
    this.#squares += squares;
    this.#inertia += inertia;
    this.#rows += rows;
  }

  add(statistics: KMeansStatistics): void {
    this.#others = this.#others === null ? statistics : addKMeansStatistics(this.#others, statistics);
  }

  /**
   * All labels count as changed, since none are kept. Null where the inertia has to be summed term by term.
   *
   * @param isExact whether it was
   */
  *statistics(centroids: Float64Array, d: number, isExact: boolean): Steps<KMeansStatistics | null> {
    const [integers, units, others] = [this.#integers, this.#units, this.#others];
    if (integers === null || units === null) return others;
    const { counts, sums } = yield* countsAndSums([integers], units, centroids.length / d, d);
    const inertia = isExact ? this.#inertia : yield* inertiaOf(this.#squares, centroids, counts, sums);
    if (inertia === null) return null;
    const own = { counts, sums, inertia, changed: this.#rows, exact: { integers: [integers], units } };
    return others === null ? own : addKMeansStatistics(own, others);
  }
}
