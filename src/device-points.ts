/** Points in the caller's own GPUBuffer: what is said of them, checked. Loaded by those who have some. */
import { wrongKind } from './check.ts';
import { type Fields, readOffset, type Strides, shapeOf, stridesOf } from './forms.ts';

/** Where float32 points [n, d] lie, row-major from byte `offset`. */
export interface BufferForm {
  readonly buffer: GPUBuffer;
  readonly n: number;
  readonly d: number;
  readonly offset: number;
}

/** @throws {TypeError | RangeError} where it is no such buffer, or too small. */
export function readBuffer(name: string, fields: Fields): BufferForm {
  const [n, d] = shapeOf(name, fields);
  const offset = readOffset(name, fields);
  const buffer = fields.buffer as GPUBuffer | null;
  if (typeof buffer !== 'object' || buffer === null || typeof buffer.size !== 'number') {
    throw wrongKind(`${name}.buffer`, 'a GPUBuffer', buffer);
  }
  const strides = stridesOf(name, fields, n, d);
  if (strides !== null && !isRowMajor(strides, n, d)) {
    throw new TypeError(`${name}.buffer must be row-major, got strides [${strides}]`);
  }
  if (!Number.isSafeInteger(offset) || offset < 0 || offset % 4 !== 0) {
    throw new RangeError(`${name}.offset must be a multiple of 4 bytes, got ${offset}`);
  }
  if (offset + n * d * 4 > buffer.size) {
    throw new RangeError(
      `${name}.buffer holds ${buffer.size} bytes, shape [${n}, ${d}] at offset ${offset} needs ${offset + n * d * 4}`,
    );
  }
  // GPUBufferUsage.STORAGE; the global is absent outside WebGPU runtimes.
  if ((buffer.usage & 0x80) === 0) throw new TypeError(`${name}.buffer needs the usage STORAGE`);
  return { buffer, n, d, offset };
}

function isRowMajor([row, column]: Strides, n: number, d: number): boolean {
  return (n === 1 || row === d) && (d === 1 || column === 1);
}
