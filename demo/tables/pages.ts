/**
 * Columns of numbers of Parquet files, without an object for each value: the library makes lists of all columns that may
 * have gaps, as those of most files may, which takes three times as long.
 */
import type { ColumnMetaData, Compressors, PageHeader, SchemaElement } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { decompressPage } from 'hyparquet/src/datapage.js';
import { readRleBitPackedHybrid } from 'hyparquet/src/encoding.js';
import { narrowed } from './narrowed.ts';
import type { Values } from './table.ts';
import { withZstd } from './zstd.ts';

const PLAIN_KINDS: readonly (string | undefined)[] = ['INT32', 'INT64', 'FLOAT', 'DOUBLE'];
/** What would not be numbers as they are stored. */
const OTHER_TYPES: readonly (string | undefined)[] = ['DECIMAL', 'UINT_32', 'UINT_64', 'INTERVAL'];

/** Whether columns of this kind can be read so, pages allowing. */
export function isPlain({ type, converted_type, logical_type }: SchemaElement): boolean {
  const isUnsigned = logical_type?.type === 'INTEGER' && !logical_type.isSigned;
  return (
    PLAIN_KINDS.includes(type) &&
    !OTHER_TYPES.includes(converted_type) &&
    !isUnsigned &&
    logical_type?.type !== 'DECIMAL'
  );
}

/** A page, unpacked, and how it is to be read. */
interface Page {
  readonly view: DataView;
  /** Rows, with and without a value. */
  readonly rows: number;
  /** Those with one. */
  readonly count: number;
  readonly encoding: string;
  /** For each row 1 where there is a value; null where there are all. */
  readonly levels: Uint8Array | null;
  /** Where the values begin. */
  readonly start: number;
}

/** A part of a column as it is in the file, and what there is to know of it: it can be sent to another thread. */
export interface Packed {
  readonly chunk: ArrayBuffer;
  readonly codec: ColumnMetaData['codec'];
  readonly type: SchemaElement['type'];
  /** Whether rows may have no value. */
  readonly mayMiss: boolean;
  readonly rows: number;
  readonly unit: Unit;
}

/** What makes minutes of stored times, and milliseconds of dates: exact where the result is. */
export interface Unit {
  readonly times: number;
  readonly over: number;
}

/**
 * The numbers of a part of a column [rows], NaN where there is none; null where some of its pages are of a kind that this
 * does not know.
 */
export async function decode(packed: Packed): Promise<Values | null> {
  const values = await withCompressors([packed.codec], (compressors) => readPages(packed, compressors));
  return values instanceof Float64Array ? narrowed(values) : values;
}

/**
 * What unpacks is loaded where it is needed.
 *
 * @param read may be called twice: see `withZstd`
 */
export async function withCompressors<T>(
  codecs: Iterable<string>,
  read: (compressors: Compressors) => T | Promise<T>,
): Promise<T> {
  const compressors: Compressors = {};
  const used = new Set(codecs);
  if (used.has('GZIP')) {
    const { gunzipSync } = await import('fflate');
    compressors.GZIP = (input, length) => gunzipSync(input, { out: new Uint8Array(length) });
  }
  return used.has('ZSTD') ? withZstd((ZSTD) => read({ ...compressors, ZSTD })) : read(compressors);
}

function readPages({ chunk, codec, type, mayMiss, unit, rows }: Packed, compressors: Compressors): Values | null {
  const reader = { view: new DataView(chunk), offset: 0 };
  const unpack = (bytes: Uint8Array, length: number) => decompressPage(bytes, length, codec, compressors);
  let dictionary: Values | null = null;
  let all: Values | null = null;
  for (let at = 0; at < rows; ) {
    const header = parquetHeader(reader);
    const packed = new Uint8Array(chunk, reader.offset, header.compressed_page_size);
    reader.offset += header.compressed_page_size;
    if (header.dictionary_page_header !== undefined) {
      const stored = new Float64Array(header.dictionary_page_header.num_values);
      readStored(viewOf(unpack(packed, header.uncompressed_page_size)), 0, type, stored);
      convert(stored, unit);
      dictionary = narrowed(stored);
      continue;
    }
    const page = pageOf(header, packed, mayMiss, unpack);
    if (page === null || at + page.rows > rows) return null;
    const isLookedUp = dictionary !== null && page.encoding.endsWith('_DICTIONARY');
    if (!isLookedUp && page.encoding !== 'PLAIN') return null;
    // As narrow as the dictionary, as long as there is nothing else.
    all = isLookedUp && page.levels === null ? roomFor(dictionary!, all, rows) : widened(all, rows);
    const values = all.subarray(at, at + page.rows);
    if (isLookedUp) {
      if (!readPlaces(page, dictionary!, values)) return null;
    } else {
      const stored = (values as Float64Array).subarray(0, page.count);
      readStored(page.view, page.start, type, stored);
      convert(stored, unit);
    }
    if (page.levels !== null) spread(values as Float64Array, page.levels, page.count);
    at += page.rows;
  }
  return all ?? new Float64Array(rows);
}

/** What was there, if it can hold numbers of the dictionary too. */
function roomFor(dictionary: Values, known: Values | null, rows: number): Values {
  if (known === null) return new (dictionary.constructor as new (n: number) => Values)(rows);
  return known.constructor === dictionary.constructor ? known : widened(known, rows);
}

function widened(known: Values | null, rows: number): Float64Array {
  if (known instanceof Float64Array) return known;
  return known === null ? new Float64Array(rows) : Float64Array.from(known);
}

/** Makes values of numbers as they are in the file, in place. */
function convert(stored: Float64Array, { times, over }: Unit): void {
  for (let i = 0; i < stored.length; i++) {
    const number = (stored[i] * times) / over;
    stored[i] = Number.isFinite(number) ? number : Number.NaN;
  }
}

function pageOf(
  header: PageHeader,
  packed: Uint8Array,
  mayMiss: boolean,
  unpack: (bytes: Uint8Array, length: number) => Uint8Array,
): Page | null {
  const { data_page_header: first, data_page_header_v2: second, uncompressed_page_size: length } = header;
  if (first !== undefined) {
    const bytes = unpack(packed, length);
    const view = viewOf(bytes);
    const { num_values: rows, encoding } = first;
    if (!mayMiss) return { view, rows, count: rows, encoding, levels: null, start: 0 };
    if (first.definition_level_encoding !== 'RLE') return null;
    const size = view.getUint32(0, true);
    const levels = levelsOf(view, 4, size, rows);
    return { view, rows, count: countOf(levels, rows), encoding, levels, start: 4 + size };
  }
  if (second === undefined) return null;
  const { num_values: rows, encoding, definition_levels_byte_length: size } = second;
  const skipped = second.repetition_levels_byte_length + size;
  const levels = mayMiss && second.num_nulls > 0 ? levelsOf(viewOf(packed), skipped - size, size, rows) : null;
  const rest = packed.subarray(skipped);
  const bytes = second.is_compressed === false ? rest : unpack(rest, length - skipped);
  return { view: viewOf(bytes), rows, count: countOf(levels, rows), encoding, levels, start: 0 };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function levelsOf(view: DataView, offset: number, size: number, rows: number): Uint8Array | null {
  const levels = new Uint8Array(rows);
  readRleBitPackedHybrid({ view, offset }, 1, levels, size);
  return levels.includes(0) ? levels : null;
}

function countOf(levels: Uint8Array | null, rows: number): number {
  return levels === null ? rows : levels.reduce((sum, level) => sum + level, 0);
}

/** Places in a dictionary, of the page that is being read: made anew each would take longer than they take to be read. */
let places = new Uint32Array(0);

/**
 * The values that are there, one after the other.
 *
 * @returns whether the dictionary has all of them: in a damaged file it has not, and integers have no sign for a gap
 */
function readPlaces({ view, count, start }: Page, dictionary: Values, values: Values): boolean {
  if (count === 0) return true;
  const width = view.getUint8(start);
  // Of one value there are no bits.
  if (width === 0) {
    values.fill(dictionary[0], 0, count);
    return dictionary.length > 0;
  }
  if (places.length < count) places = new Uint32Array(count);
  const read = places.subarray(0, count);
  readRleBitPackedHybrid({ view, offset: start + 1 }, width, read, view.byteLength - start - 1);
  for (let i = 0; i < count; i++) {
    if (read[i] >= dictionary.length) return false;
    values[i] = dictionary[read[i]];
  }
  return true;
}

function readStored(view: DataView, start: number, type: SchemaElement['type'], values: Float64Array): void {
  const n = values.length;
  let p = start;
  if (type === 'INT32') for (let i = 0; i < n; i++, p += 4) values[i] = view.getInt32(p, true);
  else if (type === 'FLOAT') for (let i = 0; i < n; i++, p += 4) values[i] = view.getFloat32(p, true);
  else if (type === 'DOUBLE') for (let i = 0; i < n; i++, p += 8) values[i] = view.getFloat64(p, true);
  // One rounding, as of the whole number.
  else for (let i = 0; i < n; i++, p += 8) values[i] = view.getInt32(p + 4, true) * 2 ** 32 + view.getUint32(p, true);
}

/** The values that are there go to their rows: from the last on, none is written over before it is read. */
function spread(values: Float64Array, levels: Uint8Array, count: number): void {
  for (let i = levels.length - 1, next = count; i >= 0; i--) values[i] = levels[i] === 0 ? Number.NaN : values[--next];
}
