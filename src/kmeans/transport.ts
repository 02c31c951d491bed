/** Rows in clusters of bounded size, at the least summed squared distance: a transportation problem. */
import type { EngineDataset } from '../engine/contract.ts';
import type { RowValues } from '../points.ts';
import { resultOf, type Steps } from '../steps.ts';
import { rowsOfTurn } from '../turns.ts';

/** Distances that are asked for at a time. */
const BLOCK_VALUES = 2 ** 20;
/** Rows that are kept of those that would leave one cluster for another: for all pairs of clusters, and for one. */
const KEPT = 2 ** 18;
const MOST_KEPT = 2 ** 10;
/** The share of rows that are too many from which on prices are tuned first: on so many distances, and multiply-adds for these. */
const MUCH = 1 / 32;
const SAMPLE_VALUES = 2 ** 21;
const SAMPLE_WORK = 2 ** 26;
const ROUNDS = 64;

/**
 * Assigns rows so that no cluster has more than it may, and nobody could do it at a lower cost. Clusters have prices, and rows
 * are where distance and price are least; from clusters that are too full rows move along the shortest paths to those
 * with room, which raises prices (successive shortest paths, Ahuja, Magnanti and Orlin 1993). A path leads over
 * clusters, not rows: from one to another the row leaves that loses least by it. The room that is left over is filled by
 * rows that are anywhere at no distance, so that every cluster is full in the end, and a price can fall again.
 *
 * Prices stay for the next assignment, which begins near its end where centroids have moved a little. Beside the rows it
 * takes memory for some rows of each pair of clusters, not for n·k distances.
 */
export class Transport {
  readonly labels: Uint32Array;
  /** Squared distance of each row to its centroid [n]. */
  readonly own: Float64Array;
  /** Rows in each cluster [k]. */
  readonly sizes: Float64Array;
  readonly #rows: RowValues;
  readonly #n: number;
  readonly #d: number;
  readonly #k: number;
  readonly #maxSize: number;
  #centroids: Float64Array;
  readonly #prices: Float64Array;
  /** Room that nobody takes, in each cluster. */
  readonly #spare: Float64Array;
  /** The rows of each cluster, in no order, and the place of each row in its cluster. */
  #members: number[][] = [];
  readonly #places: Uint32Array;
  readonly #leavers: Leavers;
  /** What the row loses that leaves one cluster for another, and which it is: [k, k]. Infinity where there is none. */
  readonly #losses: Float64Array;
  readonly #leaving: Int32Array;
  /** Of the search for a path. */
  readonly #lengths: Float64Array;
  readonly #before: Int32Array;
  readonly #isDone: Uint8Array;

  /** @param rows [n, d], in the frame of the points */
  constructor(rows: RowValues, d: number, k: number, maxSize: number) {
    const n = rows.length / d;
    this.labels = new Uint32Array(n);
    this.own = new Float64Array(n);
    this.sizes = new Float64Array(k);
    this.#rows = rows;
    this.#n = n;
    this.#d = d;
    this.#k = k;
    this.#maxSize = maxSize;
    this.#centroids = new Float64Array(k * d);
    this.#prices = new Float64Array(k);
    this.#spare = new Float64Array(k);
    this.#places = new Uint32Array(n);
    this.#leavers = new Leavers(k * k, Math.min(MOST_KEPT, Math.max(1, Math.floor(KEPT / (k * k)))));
    this.#losses = new Float64Array(k * k);
    this.#leaving = new Int32Array(k * k);
    this.#lengths = new Float64Array(k);
    this.#before = new Int32Array(k);
    this.#isDone = new Uint8Array(k);
  }

  /** Assigns the rows of a dataset to centroids [k, d] in its frame. */
  *assign(dataset: EngineDataset, centroids: Float64Array): Steps<void> {
    const k = this.#k;
    this.#centroids = centroids;
    yield* this.#placeByPrice(dataset);
    if (this.#excess > this.#n * MUCH) {
      yield* this.#tunePrices();
      yield* this.#placeByPrice(dataset);
    }
    for (let a = 0; a < k; a++) {
      for (let b = 0; b < k; b++) this.#findLeaving(a, b);
      yield;
    }
    this.#placeSpare();
    const pause = rowsOfTurn(4 * k * k);
    for (let moved = 0; this.#relieve(); moved++) if (moved % pause === pause - 1) yield;
    const least = this.#prices.reduce((a, b) => Math.min(a, b));
    // Where there is spare room the price is the least, but for rounding.
    for (let c = 0; c < k; c++) this.#prices[c] = this.#spare[c] > 0 ? 0 : this.#prices[c] - least;
  }

  /** Each row where its distance and the price of the cluster are least together; of equals the first. */
  *#placeByPrice(dataset: EngineDataset): Steps<void> {
    const n = this.#n;
    const k = this.#k;
    this.#leavers.clear();
    this.sizes.fill(0);
    this.#members = Array.from({ length: k }, () => []);
    const each = Math.max(1, Math.floor(BLOCK_VALUES / k));
    const pause = rowsOfTurn(4 * k);
    for (let from = 0; from < n; from += each) {
      const to = Math.min(n, from + each);
      const squares = yield* resultOf(dataset.allDistances(this.#centroids, from, to));
      for (let row = from; row < to; row += pause) {
        this.#placeRows(squares, from, row, Math.min(to, row + pause));
        yield;
      }
    }
  }

  #placeRows(squares: ArrayLike<number>, first: number, start: number, end: number): void {
    const k = this.#k;
    const prices = this.#prices;
    for (let row = start, at = (start - first) * k; row < end; row++, at += k) {
      let label = 0;
      let least = Infinity;
      for (let c = 0; c < k; c++) {
        const cost = squares[at + c] + prices[c];
        if (cost < least) {
          least = cost;
          label = c;
        }
      }
      const own = squares[at + label];
      this.own[row] = own;
      this.#enter(row, label);
      for (let c = 0, pair = label * k; c < k; c++, pair++) {
        if (c !== label) this.#leavers.offer(pair, squares[at + c] - own, row);
      }
    }
  }

  /** Rows that are too many where they are. */
  get #excess(): number {
    return this.sizes.reduce((sum, size) => sum + Math.max(0, size - this.#maxSize), 0);
  }

  /** Prices at which few rows of a sample are too many: to move prices takes less than to move rows one by one. */
  *#tunePrices(): Steps<void> {
    const k = this.#k;
    const most = Math.min(SAMPLE_VALUES / k, SAMPLE_WORK / (k * this.#d));
    const step = Math.max(1, Math.ceil(this.#n / most));
    const m = Math.ceil(this.#n / step);
    const squares = new Float64Array(m * k);
    const pause = rowsOfTurn(k * this.#d);
    let unit = 0;
    for (let i = 0, at = 0; i < m; i++) {
      let least = Infinity;
      for (let c = 0; c < k; c++, at++) {
        squares[at] = this.#squareOf(i * step, c);
        least = Math.min(least, squares[at]);
      }
      unit += least / m;
      if (i % pause === pause - 1) yield;
    }
    const room = (m * this.#maxSize) / this.#n;
    let best = Infinity;
    const prices = this.#prices.fill(0).slice();
    for (let round = 0; round < ROUNDS; round++) {
      const sizes = yield* sizesAt(prices, squares);
      const excess = sizes.reduce((sum, size) => sum + Math.max(0, size - room), 0);
      if (excess < best) this.#prices.set(prices);
      best = Math.min(best, excess);
      const rate = (2 * unit) / (1 + round / 8);
      for (let c = 0; c < k; c++) prices[c] = Math.max(0, prices[c] + rate * Math.min(1, sizes[c] / room - 1));
    }
    const least = this.#prices.reduce((a, b) => Math.min(a, b));
    for (let c = 0; c < k; c++) this.#prices[c] -= least;
  }

  /** Spare room goes to where it costs nothing. */
  #placeSpare(): void {
    const spare = this.#spare;
    const isFree = this.#prices.map((price) => (price === 0 ? 1 : 0));
    let left = this.#k * this.#maxSize - this.#n;
    for (let c = 0; c < this.#k; c++) {
      spare[c] = isFree[c] ? Math.min(left, Math.max(0, this.#maxSize - this.sizes[c])) : 0;
      left -= spare[c];
    }
    spare[isFree.indexOf(1)] += left;
  }

  /** Moves one row out of a cluster that is too full, and others in its wake; false where there is no such cluster. */
  #relieve(): boolean {
    const k = this.#k;
    const lengths = this.#lengths.fill(Infinity);
    const before = this.#before.fill(-1);
    const isDone = this.#isDone.fill(0);
    let isFull = false;
    for (let c = 0; c < k; c++) {
      if (this.sizes[c] + this.#spare[c] <= this.#maxSize) continue;
      lengths[c] = 0;
      isFull = true;
    }
    if (!isFull) return false;
    for (;;) {
      let nearest = -1;
      for (let c = 0; c < k; c++) {
        if (isDone[c] === 0 && (nearest < 0 || lengths[c] < lengths[nearest])) nearest = c;
      }
      if (this.sizes[nearest] + this.#spare[nearest] < this.#maxSize) {
        this.#movePrices(lengths[nearest]);
        for (let to = nearest; before[to] >= 0; to = before[to]) this.#move(before[to], to);
        return true;
      }
      isDone[nearest] = 1;
      this.#lengthen(nearest);
    }
  }

  /** Paths that lead over a cluster, by what the next row loses beyond prices. */
  #lengthen(over: number): void {
    const k = this.#k;
    const lengths = this.#lengths;
    const spare = this.#spare[over] > 0 ? 0 : Infinity;
    const length = lengths[over] - this.#prices[over];
    for (let c = 0, pair = over * k; c < k; c++, pair++) {
      if (this.#isDone[c] === 1) continue;
      // Rounding alone makes it shorter.
      const next = Math.max(lengths[over], length + Math.min(this.#losses[pair], spare) + this.#prices[c]);
      if (next < lengths[c]) {
        lengths[c] = next;
        this.#before[c] = over;
      }
    }
  }

  #movePrices(length: number): void {
    for (let c = 0; c < this.#k; c++) if (this.#isDone[c] === 1) this.#prices[c] += length - this.#lengths[c];
  }

  /** A row, or what fills spare room, from one cluster to another. */
  #move(from: number, to: number): void {
    const k = this.#k;
    const pair = from * k + to;
    if (this.#spare[from] > 0 && this.#losses[pair] >= 0) {
      this.#spare[from]--;
      this.#spare[to]++;
      return;
    }
    const row = this.#leaving[pair];
    this.#leave(row, from);
    this.#enter(row, to);
    this.own[row] = this.#squareOf(row, to);
    for (let c = 0; c < k; c++) {
      if (c !== from && this.#leaving[from * k + c] === row) this.#findLeaving(from, c);
      if (c !== to) {
        const loss = this.#squareOf(row, c) - this.own[row];
        this.#leavers.offer(to * k + c, loss, row);
        if (loss < this.#losses[to * k + c]) {
          this.#losses[to * k + c] = loss;
          this.#leaving[to * k + c] = row;
        }
      }
    }
  }

  #enter(row: number, c: number): void {
    this.labels[row] = c;
    this.sizes[c]++;
    this.#places[row] = this.#members[c].push(row) - 1;
  }

  /** The last one takes its place. */
  #leave(row: number, c: number): void {
    const last = this.#members[c].pop()!;
    const place = this.#places[row];
    this.sizes[c]--;
    if (last === row) return;
    this.#members[c][place] = last;
    this.#places[last] = place;
  }

  /** The row that loses least by leaving one cluster for another. */
  #findLeaving(from: number, to: number): void {
    const pair = from * this.#k + to;
    const leavers = this.#leavers;
    const isThere = (row: number) => this.labels[row] === from;
    let row = from === to ? -1 : leavers.first(pair, isThere);
    if (row === undefined) {
      leavers.forget(pair);
      for (const member of this.#members[from]) {
        leavers.offer(pair, this.#squareOf(member, to) - this.own[member], member);
      }
      row = leavers.first(pair, isThere) ?? -1;
    }
    this.#losses[pair] = row < 0 ? Infinity : leavers.least(pair);
    this.#leaving[pair] = row;
  }

  #squareOf(row: number, c: number): number {
    const d = this.#d;
    const rows = this.#rows;
    const centroids = this.#centroids;
    let sum = 0;
    for (let j = 0, at = row * d, to = c * d; j < d; j++, at++, to++) sum += (rows[at] - centroids[to]) ** 2;
    return sum;
  }
}

/** Rows in each cluster at those prices, of squared distances [m, k]. */
function* sizesAt(prices: Float64Array, squares: Float64Array): Steps<Float64Array> {
  const k = prices.length;
  const sizes = new Float64Array(k);
  const pause = k * rowsOfTurn(4 * k);
  for (let from = 0; from < squares.length; from += pause) {
    countAt(prices, squares.subarray(from, from + pause), sizes);
    yield;
  }
  return sizes;
}

/** No generator: engines make slower code of the loops of one. */
function countAt(prices: Float64Array, squares: Float64Array, sizes: Float64Array): void {
  const k = prices.length;
  for (let from = 0; from < squares.length; from += k) {
    let label = 0;
    let least = Infinity;
    for (let c = 0; c < k; c++) {
      const cost = squares[from + c] + prices[c];
      if (cost < least) {
        least = cost;
        label = c;
      }
    }
    sizes[label]++;
  }
}

/** Of each pair of clusters some rows by what they would lose, the least last. Rows that have left are still in it. */
class Leavers {
  readonly #most: number;
  readonly #losses: Float64Array;
  readonly #rows: Uint32Array;
  readonly #counts: Uint32Array;
  /** No row that is missing loses less. */
  readonly #bounds: Float64Array;

  /** @param most rows of a pair */
  constructor(pairs: number, most: number) {
    this.#most = most;
    this.#losses = new Float64Array(pairs * most);
    this.#rows = new Uint32Array(pairs * most);
    this.#counts = new Uint32Array(pairs);
    this.#bounds = new Float64Array(pairs);
  }

  clear(): void {
    this.#counts.fill(0);
    this.#bounds.fill(Infinity);
  }

  forget(pair: number): void {
    this.#counts[pair] = 0;
    this.#bounds[pair] = Infinity;
  }

  offer(pair: number, loss: number, row: number): void {
    const losses = this.#losses;
    const rows = this.#rows;
    const first = pair * this.#most;
    const count = this.#counts[pair];
    let at: number;
    if (count < this.#most) {
      this.#counts[pair]++;
      for (at = first + count; at > first && losses[at - 1] < loss; at--) {
        losses[at] = losses[at - 1];
        rows[at] = rows[at - 1];
      }
    } else {
      const dropped = Math.max(loss, losses[first]);
      if (dropped < this.#bounds[pair]) this.#bounds[pair] = dropped;
      if (dropped === loss) return;
      const last = first + count - 1;
      for (at = first; at < last && losses[at + 1] > loss; at++) {
        losses[at] = losses[at + 1];
        rows[at] = rows[at + 1];
      }
    }
    losses[at] = loss;
    rows[at] = row;
  }

  /** The row that loses least of those that are there; −1 where there is none, undefined where it may be missing here. */
  first(pair: number, isThere: (row: number) => boolean): number | undefined {
    const first = pair * this.#most;
    while (this.#counts[pair] > 0 && !isThere(this.#rows[first + this.#counts[pair] - 1])) this.#counts[pair]--;
    const bound = this.#bounds[pair];
    if (this.#counts[pair] === 0) return bound === Infinity ? -1 : undefined;
    return this.least(pair) <= bound ? this.#rows[first + this.#counts[pair] - 1] : undefined;
  }

  /** What the first one loses. */
  least(pair: number): number {
    return this.#losses[pair * this.#most + this.#counts[pair] - 1];
  }
}
