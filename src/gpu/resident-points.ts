/** What the engine holds of points: the types that its files share. */
import type { PointsSummary } from '../points.ts';

/** How kernels read a value: as it lies, through the frame, or brought to unit length. See framed.wgsl. */
export type Load = 0 | 1 | 2;

/** Rows that one binding holds. */
export interface Shard {
  readonly firstRow: number;
  readonly rows: number;
  readonly points: GPUBufferBinding;
  /** Element of the binding at which the rows begin. */
  readonly base: number;
  /** The shift [d], the rows' inverse lengths [rows], or nothing: what `Load` asks for. */
  readonly adjust: GPUBuffer;
  /** Weights [rows], or nothing. */
  readonly weights: GPUBuffer;
}

/** Points on the device. */
export interface ResidentPoints {
  readonly summary: PointsSummary;
  readonly shards: readonly Shard[];
  /** The power of two by which the weights on the device are the caller's: the largest of them is near 1. */
  readonly weightScale: number;
  readonly load: Load;
  /** @throws {TypeError} where the points were destroyed. */
  check(): void;
  destroy(): void;
}
