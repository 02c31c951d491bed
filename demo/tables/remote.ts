/** A Parquet file of the page's server, of which only those parts are loaded that are used. */
import { type AsyncBuffer, parquetMetadata } from 'hyparquet';
import type { Decoders } from './decoders.ts';
import { DownloadError, fetchBytes } from './download.ts';
import { type Opened, openParquet, TAIL } from './parquet.ts';
import type { Reading } from './reading.ts';

const AT_ONCE = 4;

interface Part {
  readonly start: number;
  readonly end: number;
  readonly bytes: Promise<Uint8Array<ArrayBuffer>>;
}

/** Columns can be read as soon as it is there where they are: that waits for the parts, of which the middle one comes first. */
export async function openRemote(
  url: string,
  columns: readonly string[],
  decoders: Decoders,
  reading: Reading,
): Promise<Opened> {
  const { signal, onProgress } = reading;
  const silent = { ...reading, onProgress: () => undefined };
  const opening = { names: columns, decoders };
  let loaded = 0;
  const asked = await fetchBytes(url, signal, `-${TAIL}`, (more, total) => {
    loaded += more;
    // Servers that know no parts send all of it.
    if (loaded > TAIL || total > TAIL) onProgress(loaded, Math.max(total, loaded));
  });
  const [, end, size] = (/-(\d+)\/(\d+)$/.exec(asked.response.headers.get('Content-Range') ?? '') ?? []).map(Number);
  if (asked.response.status !== 206 || size === undefined) {
    return openParquet(bufferOf([partOf(0, asked.bytes)], asked.bytes.length), silent, opening);
  }
  // Some servers take the last bytes for the first ones.
  const isEnd = end === size - 1;
  // Whoever has stored the file gives parts of it, and its server, asked for another one meanwhile, all of it.
  let whole: Uint8Array<ArrayBuffer> | null = null;
  const partBy = async ({ start, end }: Omit<Range, 'group'>, onBytes: (more: number) => void) => {
    if (whole !== null) return whole.slice(start, end);
    const { bytes, response } = await fetchBytes(url, signal, `${start}-${end - 1}`, onBytes);
    if (response.status !== 206) whole = bytes;
    const part = response.status === 206 ? bytes : bytes.slice(start, end);
    if (part.length !== end - start) throw new DownloadError(`${part.length} bytes of ${end - start}`);
    return part;
  };
  const bytes = isEnd ? asked.bytes : await partBy({ start: Math.max(0, size - TAIL), end: size }, () => undefined);
  loaded = 0;
  const ranges = rangesOf(bytes, columns);
  const total = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  const fetchRange = (range: Range) =>
    partBy(range, (more) => {
      loaded += more;
      onProgress(Math.min(loaded, total), total);
    });
  return openParquet(
    bufferOf([partOf(size - bytes.length, bytes), ...queued(ranges, fetchRange)], size),
    silent,
    opening,
  );
}

function partOf(start: number, bytes: Uint8Array<ArrayBuffer>): Part {
  return { start, end: start + bytes.length, bytes: Promise.resolve(bytes) };
}

interface Range {
  readonly start: number;
  readonly end: number;
  /** The first of the groups of rows that it is of. */
  readonly group: number;
}

/** All of them begun, a few at once, those of the middle group first. */
function queued(ranges: readonly Range[], fetchRange: (range: Range) => Promise<Uint8Array<ArrayBuffer>>): Part[] {
  const lanes: Promise<unknown>[] = Array.from({ length: AT_ONCE }, () => Promise.resolve());
  const middle = middleOf([...new Set(ranges.map(({ group }) => group))]);
  const isFirst = ({ group }: Range) => group === middle;
  const ordered = [...ranges.filter(isFirst), ...ranges.filter((range) => !isFirst(range))];
  return ordered.map((range, i) => {
    const bytes = lanes[i % AT_ONCE].then(() => fetchRange(range));
    lanes[i % AT_ONCE] = bytes;
    // Whoever waits for the part hears of it.
    bytes.catch(() => undefined);
    return { ...range, bytes };
  });
}

export function middleOf<T>(all: readonly T[]): T {
  return all[all.length >> 1];
}

/** Bytes between neighbours that take less time than another request: some writers lay what they say of a part behind it. */
const MOST_BETWEEN = 2 ** 12;

/** Where the columns are in the file. Neighbours are loaded in one. */
function rangesOf(tail: Uint8Array, columns: readonly string[]): Range[] {
  const ranges: { start: number; end: number; group: number }[] = [];
  for (const [group, { columns: all }] of parquetMetadata(tail).row_groups.entries()) {
    const parts = all.flatMap(({ meta_data }) => meta_data ?? []);
    for (const part of parts.filter(({ path_in_schema }) => columns.includes(path_in_schema[0]))) {
      const start = Number(part.dictionary_page_offset ?? part.data_page_offset);
      const end = start + Number(part.total_compressed_size);
      const last = ranges.at(-1);
      const isNext = last?.group === group && start >= last.end && start - last.end <= MOST_BETWEEN;
      if (isNext) last.end = end;
      else ranges.push({ start, end, group });
    }
  }
  return ranges;
}

function bufferOf(parts: readonly Part[], byteLength: number): AsyncBuffer {
  return {
    byteLength,
    async slice(start, end = byteLength) {
      const part = parts.find((part) => part.start <= start && end <= part.end);
      if (part === undefined) throw new Error(`bytes ${start} to ${end} are not loaded`);
      const bytes = await part.bytes;
      return bytes.buffer.slice(start - part.start, end - part.start);
    },
  };
}
