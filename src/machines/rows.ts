/** The rows of a shard, from a file. */
import type { TypedArray } from '../points.ts';

/** Where the rows of a shard lie. */
export interface RowsOfFile {
  readonly path: string;
  /** Features, in this order. */
  readonly columns: readonly string[];
  /** The first row, and the one behind the last; Infinity for all that there are. */
  readonly start: number;
  readonly end: number;
}

/** An array each of the columns. */
export interface FileColumns {
  readonly columns: readonly TypedArray[];
}

/** What a column is decoded to: a typed array, or a list of whatever is in it. */
type Decoded = TypedArray | readonly unknown[];

/** How files may be compressed for hyparquet alone. */
const OWN_CODECS: readonly string[] = ['', 'UNCOMPRESSED', 'SNAPPY'];

/**
 * Rows of a Parquet file, by hyparquet, one array a column: numbers as the file has them where it has no nulls, else float64.
 *
 * @throws {Error} where hyparquet is not installed, or hyparquet-compressors where it is wanted, or there is no such file.
 * @throws {RangeError} where the file has not these rows or columns, or has no number somewhere.
 */
export async function readParquet({ path, columns, start, end }: RowsOfFile): Promise<FileColumns> {
  const { asyncBufferFromFile, parquetScan } = await optional(import('hyparquet'), 'hyparquet');
  const { compressors } = await import('hyparquet-compressors').catch(() => ({ compressors: null }));
  const file = await asyncBufferFromFile(path);
  const { metadata, ranges, readColumn } = await parquetScan({ file, compressors: compressors ?? {} });
  const total = Number(metadata.num_rows);
  const known = new Set(metadata.schema.slice(1).map(({ name }) => name));
  const missing = columns.find((column) => !known.has(column));
  if (missing !== undefined) throw new RangeError(`${path} has no column ${missing}, but ${[...known].join(', ')}`);
  const last = Math.min(end, total);
  if (start >= last || (end > total && end !== Infinity)) {
    throw new RangeError(`${path} has ${total} rows, not rows ${start} to ${end}`);
  }
  const codecs = metadata.row_groups.flatMap((group) => group.columns.map(({ meta_data }) => meta_data?.codec ?? ''));
  const codec = codecs.find((codec) => !OWN_CODECS.includes(codec));
  if (codec !== undefined && compressors === null) {
    throw lacks(`${path} is compressed by ${codec}, which`, 'hyparquet-compressors');
  }
  const read: TypedArray[] = [];
  for (const column of columns) {
    const chunks: Decoded[] = [];
    for (const { rowStart, rowEnd } of ranges) {
      const wanted = { rowStart: Math.max(start, rowStart), rowEnd: Math.min(last, rowEnd) };
      if (wanted.rowStart < wanted.rowEnd) chunks.push((await readColumn({ column, ...wanted })) as Decoded);
    }
    read.push(joined(chunks, last - start, (i) => `${column} of ${path}, row ${start + i}`));
  }
  return { columns: read };
}

/** Chunks of one column as one array. */
function joined(chunks: readonly Decoded[], length: number, where: (i: number) => string): TypedArray {
  const kind = chunks[0].constructor as Float64ArrayConstructor;
  const isTyped = ArrayBuffer.isView(chunks[0]) && chunks.every((chunk) => chunk.constructor === kind);
  const target = isTyped ? new kind(length) : new Float64Array(length);
  let at = 0;
  for (const chunk of chunks) {
    if (isTyped) target.set(chunk as Float64Array, at);
    else for (let i = 0; i < chunk.length; i++) target[at + i] = numberOf(chunk[i], () => where(at + i));
    at += chunk.length;
  }
  // Told by their place in the file, which nobody knows behind this. Whole numbers have none.
  if (target instanceof Float32Array || target instanceof Float64Array) {
    for (let i = 0; i < length; i++) {
      if (!Number.isFinite(target[i])) throw new RangeError(`${where(i)} is ${target[i]}, not a finite number`);
    }
  }
  return target;
}

function numberOf(value: unknown, where: () => string): number {
  // Whole numbers of 64 bits, booleans and times, which are milliseconds.
  const isNumber = ['number', 'bigint', 'boolean'].includes(typeof value) || value instanceof Date;
  if (!isNumber) throw new RangeError(`${where()} is ${value}, not a number`);
  return Number(value);
}

async function optional<T>(module: Promise<T>, name: string): Promise<T> {
  try {
    return await module;
  } catch (cause) {
    throw lacks('a shard of a Parquet file', name, cause);
  }
}

function lacks(what: string, name: string, cause?: unknown): Error {
  return new Error(`${what} needs the package "${name}": npm install ${name}`, { cause });
}
