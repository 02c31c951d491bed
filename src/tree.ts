/**
 * Sums over the chunks of a dataset in one binary tree, whoever computes them: floating-point addition is not
 * associative, so the tree, not the threads, has to say which sums are added to which.
 */

/** Rows that work is counted in. */
export const SLICE_ROWS = 512;

/** As many shards as that can be of one size. */
const MAX_CHUNKS = 128;

/** No chunk has more, nor has a shard: a memory of 32-bit addresses holds 4 GiB, rows and what is computed beside them. */
export const MAX_CHUNK_BYTES = 2 ** 30;

/** Rows of a chunk: by their number and their size alone. Whole slices, or a power of two of rows that are very wide. */
export function chunkRowsOf(n: number, bytesOfRow: number): number {
  // A slice of very wide rows would not fit.
  const most = 2 ** Math.max(0, Math.floor(Math.log2(MAX_CHUNK_BYTES / bytesOfRow)));
  return most < SLICE_ROWS ? most : SLICE_ROWS * Math.ceil(Math.ceil(n / SLICE_ROWS) / MAX_CHUNKS);
}

/** The sum over the chunks [index·2^level, (index + 1)·2^level). */
export interface Node {
  readonly level: number;
  readonly index: number;
  readonly value: Float64Array;
}

/** Takes nodes from left to right, and merges those that are siblings. */
export class Tree {
  readonly #nodes: Node[] = [];

  /** The node's value becomes the tree's. */
  add(node: Node): void {
    const left = this.#nodes.at(-1);
    const isRight =
      left !== undefined && left.level === node.level && left.index === node.index - 1 && node.index % 2 === 1;
    if (!isRight) {
      this.#nodes.push(node);
      return;
    }
    this.#nodes.pop();
    addTo(left.value, node.value);
    this.add({ level: left.level + 1, index: left.index >> 1, value: left.value });
  }

  /** What one shard has of the tree. */
  get nodes(): readonly Node[] {
    return this.#nodes;
  }
}

/** The sum over all chunks, of the nodes of all shards in order. */
export function rootOf(nodes: Iterable<Node>): Float64Array {
  const tree = new Tree();
  for (const node of nodes) tree.add(node);
  // Left over at the right edge are trees of falling height.
  return tree.nodes.reduceRight(
    (sum: Float64Array | null, { value }) => (sum === null ? value : addTo(value, sum)),
    null,
  )!;
}

function addTo(sum: Float64Array, value: Float64Array): Float64Array {
  for (let i = 0; i < sum.length; i++) sum[i] += value[i];
  return sum;
}
