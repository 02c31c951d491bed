import type { Steps } from '../steps.ts';
import { instantiate, type Kernels } from './binary.ts';
import { type Memory, ShardMemory } from './memory.ts';
import { type Extent, SLICE_ROWS } from './partition.ts';
import { type Node, Tree } from './tree.ts';
import { rowsOfTurn } from './turns.ts';

export interface ShardShape {
  readonly extent: Extent;
  readonly d: number;
  readonly weighted: boolean;
}

/** What a pass over the rows has to tell before anything is summed. */
export interface Survey {
  /** The largest magnitude of weight × value of each feature, and the largest weight: [d + 1]. */
  readonly reach: Float64Array;
  /** The largest ‖x‖. */
  readonly longest: number;
  /** Σ w·‖x‖²: [1]. */
  readonly squares: readonly Node[];
}

/** Bytes that the rows of a shard and their weights take. */
export function bytesOf({ extent, d, weighted }: ShardShape): number {
  return 4 * (extent.end - extent.start) * (d + (weighted ? 1 : 0));
}

/** Rows of a dataset in one memory, and what is asked of them alone; indices count from the shard's first row. */
export class Shard {
  /** Number of rows. */
  readonly n: number;
  readonly d: number;
  readonly extent: Extent;
  readonly memory: ShardMemory;
  /** Null where there is no SIMD: then TypeScript computes. */
  readonly kernels: Kernels | null;
  /** Byte offset of the rows, float32 [n, d]. */
  readonly rowsAt: number;
  /** Byte offset of the weights, float32 [n]; 0 without. */
  readonly weightsAt: number;

  /** @param memory with room for `bytesOf` and a little more; what it holds already stays. */
  constructor({ extent, d, weighted }: ShardShape, memory: Memory, module: WebAssembly.Module | null) {
    this.extent = extent;
    this.n = extent.end - extent.start;
    this.d = d;
    this.memory = new ShardMemory(memory);
    this.kernels = module === null ? null : instantiate(module, memory as WebAssembly.Memory);
    this.rowsAt = this.memory.allocate(4 * this.n * d);
    this.weightsAt = weighted ? this.memory.allocate(4 * this.n) : 0;
  }

  /** [n, d]; a view, see ShardMemory. */
  get rows(): Float32Array {
    return this.memory.f32.subarray(this.rowsAt / 4, this.rowsAt / 4 + this.n * this.d);
  }

  /** [n], null without; a view too. */
  get weights(): Float32Array | null {
    return this.weightsAt === 0 ? null : this.memory.f32.subarray(this.weightsAt / 4, this.weightsAt / 4 + this.n);
  }

  /**
   * Statistics of the chunks, in the tree that all shards share.
   *
   * @param add takes the rows [start, end) of a chunk, in sequence; at most `rows` at a time, a divisor of a slice
   * @param take returns what was added since it was called last
   */
  *sumOver(
    add: (start: number, end: number) => void,
    take: () => Float64Array,
    rows: number = SLICE_ROWS,
  ): Steps<readonly Node[]> {
    const { start: first, chunkRows } = this.extent;
    const tree = new Tree();
    for (let start = 0; start < this.n; start += chunkRows) {
      const end = Math.min(this.n, start + chunkRows);
      for (let at = start; at < end; at += rows) {
        add(at, Math.min(end, at + rows));
        yield;
      }
      tree.add({ level: 0, index: (first + start) / chunkRows, value: take() });
    }
    return tree.nodes;
  }

  /** Its memory goes with it. */
  free(): void {}

  // biome-ignore lint/correctness/useYield: a verb like the others
  *fill(start: number, values: Float32Array, weights: Float32Array | null): Steps<void> {
    this.rows.set(values, start * this.d);
    if (weights !== null) this.weights!.set(weights, start);
  }

  /** The same for one number [1], which `add` takes as it is so far and returns as it is behind the rows. */
  *totalOver(add: (start: number, end: number, sum: number) => number): Steps<readonly Node[]> {
    let sum = 0;
    const take = () => {
      const taken = Float64Array.of(sum);
      sum = 0;
      return taken;
    };
    return yield* this.sumOver((start, end) => {
      sum = add(start, end, sum);
    }, take);
  }

  *survey(): Steps<Survey> {
    const { d } = this;
    const reach = new Float64Array(d + 1);
    let longest = 0;
    const squares = yield* this.totalOver((start, end, sum) => {
      const { rows, weights } = this;
      for (let i = start, at = start * d; i < end; i++) {
        const weight = weights === null ? 1 : weights[i];
        let square = 0;
        for (let j = 0; j < d; j++, at++) {
          const value = rows[at];
          reach[j] = Math.max(reach[j], weight * Math.abs(value));
          square += value * value;
        }
        reach[d] = Math.max(reach[d], weight);
        longest = Math.max(longest, square);
        sum += weight * square;
      }
      return sum;
    });
    return { reach, longest: Math.sqrt(longest), squares };
  }

  *gather(indices: Uint32Array): Steps<Float64Array> {
    const { d, rows } = this;
    const gathered = new Float64Array(indices.length * d);
    indices.forEach((index, i) => {
      gathered.set(rows.subarray(index * d, (index + 1) * d), i * d);
    });
    return gathered;
  }

  /** Squared distances of the rows [start, end) to centroids [k, d]: [(end − start)·k]. */
  *distances(centroids: Float64Array, start: number, end: number): Steps<Float32Array> {
    const { d } = this;
    const k = centroids.length / d;
    const distances = new Float32Array((end - start) * k);
    const pause = rowsOfTurn(centroids.length);
    for (let from = start; from < end; from += pause) {
      const { rows } = this;
      for (let i = from, at = (from - start) * k; i < Math.min(end, from + pause); i++) {
        for (let c = 0; c < k; c++) distances[at++] = squaredDistance(rows, i * d, centroids, c * d, d);
      }
      yield;
    }
    return distances;
  }

  /** Writes the rows times an upper triangular matrix [d, d], or a diagonal one [d], to a shard of the same shape. */
  *transformInto(target: Shard, matrix: Float64Array): Steps<void> {
    const { n, d } = this;
    const row = new Float64Array(d);
    const pause = rowsOfTurn(matrix.length);
    for (let from = 0; from < n; from += pause) {
      const { rows } = this;
      const transformed = target.rows;
      for (let i = from; i < Math.min(n, from + pause); i++) {
        transformRow(rows, i * d, matrix, row);
        transformed.set(row, i * d);
      }
      yield;
    }
    if (this.weights !== null) target.weights!.set(this.weights);
  }
}

function transformRow(rows: Float32Array, from: number, matrix: Float64Array, row: Float64Array): void {
  const d = row.length;
  if (matrix.length === d) {
    for (let j = 0; j < d; j++) row[j] = rows[from + j] * matrix[j];
    return;
  }
  row.fill(0);
  for (let j = 0; j < d; j++) {
    const value = rows[from + j];
    for (let to = j; to < d; to++) row[to] += value * matrix[j * d + to];
  }
}

/** ‖x − c‖² of the row at `from` and the centroid at `to`; even features and odd ones apart, as SIMD has them. */
export function squaredDistance(
  rows: Float32Array,
  from: number,
  centroids: Float64Array | Float32Array,
  to: number,
  d: number,
): number {
  let even = 0;
  let odd = 0;
  let j = 0;
  for (; j + 1 < d; j += 2) {
    const first = rows[from + j] - centroids[to + j];
    const second = rows[from + j + 1] - centroids[to + j + 1];
    even += first * first;
    odd += second * second;
  }
  if (j < d) even += (rows[from + j] - centroids[to + j]) ** 2;
  return even + odd;
}
