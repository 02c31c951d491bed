/** NumPy's file of one array (NEP 1). */
import { type NpyHeader, readNpyHeader } from '../npy.mjs';
import { narrowed } from './narrowed.ts';
import { bytesOf, count, pause, type Reading } from './reading.ts';
import type { NumberColumn, Table } from './table.ts';
import { UnreadableError } from './unreadable.ts';

type Read = (view: DataView, at: number, isLittle: boolean) => number;

const READS: { readonly [type: string]: Read } = {
  f8: (view, at, isLittle) => view.getFloat64(at, isLittle),
  f4: (view, at, isLittle) => view.getFloat32(at, isLittle),
  f2: (view, at, isLittle) => half(view.getUint16(at, isLittle)),
  i8: (view, at, isLittle) => Number(view.getBigInt64(at, isLittle)),
  u8: (view, at, isLittle) => Number(view.getBigUint64(at, isLittle)),
  i4: (view, at, isLittle) => view.getInt32(at, isLittle),
  u4: (view, at, isLittle) => view.getUint32(at, isLittle),
  i2: (view, at, isLittle) => view.getInt16(at, isLittle),
  u2: (view, at, isLittle) => view.getUint16(at, isLittle),
  i1: (view, at) => view.getInt8(at),
  u1: (view, at) => view.getUint8(at),
  b1: (view, at) => view.getUint8(at),
};

function half(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}

export async function readNpy(file: Blob, name: string, reading: Reading): Promise<Table> {
  const { descr, isByColumn, shape, start } = await readHeader(file);
  const [type, isLittle] = [descr.slice(1), descr[0] !== '>'];
  const [n, d = 1] = shape;
  const width = Number(type[1]);
  if (n === 0 || d === 0) throw new UnreadableError('This NumPy array is empty.');
  const there = Math.floor((file.size - start) / (width * d));
  if (there < n) throw new UnreadableError(`This NumPy file is cut short: it has ${count(there)} of ${count(n)} rows.`);
  const read = READS[type];
  const Kind = type === 'f4' ? Float32Array : Float64Array;
  const arrays = Array.from({ length: d }, () => new Kind(n));
  // Values one after the other, some thousands at a time.
  const total = n * d;
  const step = 2 ** 17;
  for (let first = 0; first < total; first += step) {
    const last = Math.min(total, first + step);
    const bytes = await bytesOf(file, start + first * width, start + last * width);
    const view = new DataView(bytes.buffer);
    for (let v = first; v < last; v++) {
      const [row, column] = isByColumn ? [v % n, Math.floor(v / n)] : [Math.floor(v / d), v % d];
      const value = read(view, (v - first) * width, isLittle);
      arrays[column][row] = Number.isFinite(value) ? value : Number.NaN;
    }
    reading.onProgress(start + last * width, file.size);
    await pause(reading);
  }
  const measure = type === 'b1' ? 'boolean' : 'number';
  const columns = arrays.map(
    (values, j): NumberColumn => ({ name: d === 1 ? 'value' : `column ${j + 1}`, measure, values: narrowed(values) }),
  );
  return { name, n, columns, remarks: [] };
}

async function readHeader(file: Blob): Promise<NpyHeader> {
  const header = await readNpyHeader((start, end) => bytesOf(file, start, end), file.size).catch((error) => {
    throw error instanceof RangeError ? new UnreadableError(error.message) : error;
  });
  if (!Object.hasOwn(READS, header.descr.slice(1))) {
    throw new UnreadableError(`This NumPy array has values of the type “${header.descr}”, which are no plain numbers.`);
  }
  return header;
}
