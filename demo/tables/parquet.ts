/** Parquet, read column by column: never more than one of them is in memory twice. */
import {
  type AsyncBuffer,
  type DecodedArray,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  type SchemaElement,
  type SchemaTree,
} from 'hyparquet';
import { Decoders } from './decoders.ts';
import { joined, narrowed } from './narrowed.ts';
import { decode, isPlain, type Packed, type Unit, withCompressors } from './pages.ts';
import { blame, bytesOf, listed, pause, type Reading } from './reading.ts';
import type { Column, NumberColumn, Table, Values } from './table.ts';
import type { MixedColumn } from './typing.ts';
import { UnreadableError } from './unreadable.ts';

export async function readParquet(file: Blob, name: string, reading: Reading): Promise<Table> {
  const buffer: AsyncBuffer = {
    byteLength: file.size,
    slice: async (start, end = file.size) => (await bytesOf(file, start, end)).buffer,
  };
  const decoders = new Decoders(reading.signal);
  return blame('Parquet file', reading, async () => {
    const opened = await openParquet(buffer, reading, { decoders });
    const columns: Column[] = [];
    for (const title of opened.names) columns.push(await opened.read(title));
    return { name, n: opened.n, columns, remarks: opened.remarks };
  }).finally(() => decoders.end());
}

export interface Opened {
  readonly n: number;
  /** Of the columns that can be read. */
  readonly names: readonly string[];
  readonly remarks: string[];
  /** Parts of the file, one after the other. */
  readonly groups: readonly Group[];
  /** @param groups neighbours of which the rows are read, if not all */
  read(name: string, groups?: readonly Group[]): Promise<Column>;
}

export interface Group {
  /** Its first row. */
  readonly start: number;
  readonly rows: number;
}

/** The end of a file, where it says what is where: as much of it as is read at first. */
export const TAIL = 2 ** 16;

const UNPACKED: readonly string[] = ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'ZSTD'];
const DAY = 86_400_000;
/** Values that decoders are started for, at least: these take as long here as it takes to start one. */
const MANY = 2 ** 21;

type Measure = NumberColumn['measure'];

/** Milliseconds since 1970, as numbers. */
const PARSERS = {
  timestampFromMilliseconds: Number,
  timestampFromMicroseconds: (micros: bigint) => Number(micros) / 1e3,
  timestampFromNanoseconds: (nanos: bigint) => Number(nanos) / 1e6,
  dateFromDays: (days: number) => days * DAY,
};

export interface Opening {
  /** Of the columns that are wanted, if not all. */
  readonly names?: readonly string[];
  /** Decode large files, whoever ends them. */
  readonly decoders: Decoders;
}

export async function openParquet(file: AsyncBuffer, reading: Reading, { names, decoders }: Opening): Promise<Opened> {
  const metadata = await parquetMetadataAsync(file, { parsers: PARSERS, geoparquet: false, initialFetchSize: TAIL });
  const n = Number(metadata.num_rows);
  const { children } = parquetSchema(metadata);
  const wanted = children.filter((child) => names === undefined || names.includes(child.element.name));
  const plain = new Map(
    wanted.filter((child) => measureOf(child) !== null).map((child) => [child.element.name, child]),
  );
  const others = wanted.filter((child) => !plain.has(child.element.name)).map((child) => child.element.name);
  if (n === 0) throw new UnreadableError('This Parquet file has no rows.');
  if (plain.size === 0)
    throw new UnreadableError('This Parquet file has no plain columns, only lists, records or bytes.');
  const parts = metadata.row_groups.flatMap((group) => group.columns.flatMap(({ meta_data }) => meta_data ?? []));
  const used = parts.filter(({ path_in_schema }) => plain.has(path_in_schema[0]));
  const isLarge = decoders.areThere && n * plain.size >= MANY;
  const codecs = new Set<string>(used.map(({ codec }) => codec));
  const unknown = [...codecs].find((codec) => !UNPACKED.includes(codec));
  if (unknown !== undefined) {
    throw new UnreadableError(
      `This Parquet file uses the codec ${unknown}, which this page cannot unpack. Write it with Snappy, GZIP or ZSTD.`,
    );
  }
  const total = used.reduce((sum, part) => sum + Number(part.total_compressed_size), 0);
  let loaded = 0;
  const counted: AsyncBuffer = {
    byteLength: file.byteLength,
    async slice(start, end) {
      const bytes = await file.slice(start, end);
      loaded += bytes.byteLength;
      reading.onProgress(Math.min(loaded, total), total);
      return bytes;
    },
  };
  let end = 0;
  const all = metadata.row_groups.map((group): Group => {
    const rows = Number(group.num_rows);
    end += rows;
    return { start: end - rows, rows };
  });
  const remarks = others.length > 0 ? [`Left out, because they hold lists, records or bytes: ${listed(others)}.`] : [];

  /** Of a group that was read by itself: it is not decoded again. */
  const alone = new Map<string, { readonly group: Group; readonly values: Values }>();

  async function read(name: string, groups = all): Promise<Column> {
    const column = plain.get(name);
    const measure = column && measureOf(column);
    if (column === undefined || !measure) throw new UnreadableError(`This Parquet file has no column “${name}”.`);
    if (measure === 'text') {
      const texts = await Texts.of(name);
      for (const { start, rows } of groups) {
        await pause(reading);
        for (const { data } of await readChunks(name, start, rows)) texts.add(data);
      }
      return texts.end(remarks);
    }
    const unit = unitOf(column.element, measure);
    // That is work of this thread: one group at a time, so that it can be called off.
    let last: Promise<unknown> = Promise.resolve();
    const readHere = (group: Group) => {
      const turn = last.then(() => readNumbers(name, measure, unit, group));
      last = turn.catch(() => undefined);
      return turn;
    };
    const readGroup = async (group: Group) => {
      const known = alone.get(name);
      if (known?.group === group) return known.values;
      return (await decodeGroup(column.element, unit, group)) ?? (await readHere(group));
    };
    const parts: Values[] = [];
    // Decoders have several at once, and take no more than they can.
    if (isLarge) parts.push(...(await Promise.all(groups.map(readGroup))));
    else for (const group of groups) parts.push(await readGroup(group));
    if (groups.length === 1) alone.set(name, { group: groups[0], values: parts[0] });
    return { name, measure, values: joined(parts) };
  }

  /** Null where that cannot be done. */
  async function decodeGroup(element: SchemaElement, unit: Unit, group: Group): Promise<Values | null> {
    const { columns } = metadata.row_groups[all.indexOf(group)];
    const meta = columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === element.name)?.meta_data;
    if (meta === undefined || !isPlain(element)) return null;
    const first = Number(meta.dictionary_page_offset || meta.data_page_offset);
    const bring = async (): Promise<Packed> => {
      await pause(reading);
      const chunk = await counted.slice(first, first + Number(meta.total_compressed_size));
      const mayMiss = element.repetition_type !== 'REQUIRED';
      return { chunk, codec: meta.codec, type: element.type, mayMiss, rows: group.rows, unit };
    };
    return isLarge ? decoders.decode(bring) : decode(await bring());
  }

  /** As the library gives them. */
  async function readNumbers(name: string, measure: Measure, unit: Unit, { start, rows }: Group): Promise<Values> {
    await pause(reading);
    const values = new Float64Array(rows);
    const over = measure === 'time' ? unit.over : 1;
    for (const { at, data } of await readChunks(name, start, rows)) {
      for (let i = 0; i < data.length; i++) {
        const value = data[i];
        const number = value === null || value === undefined ? Number.NaN : Number(value) / over;
        values[at - start + i] = Number.isFinite(number) ? number : Number.NaN;
      }
    }
    return narrowed(values);
  }

  async function readChunks(name: string, start: number, rows: number) {
    const chunks: { readonly at: number; readonly data: DecodedArray }[] = [];
    const onChunk = (chunk: { readonly rowStart: number; readonly columnData: DecodedArray }) =>
      chunks.push({ at: chunk.rowStart, data: chunk.columnData });
    const before = loaded;
    await withCompressors(codecs, (compressors) => {
      // It may be read twice.
      chunks.length = 0;
      loaded = before;
      return parquetRead({
        ...{ file: counted, metadata, compressors, parsers: PARSERS, geoparquet: false, onChunk },
        ...{ columns: [name], rowStart: start, rowEnd: start + rows },
      });
    });
    return chunks.sort((a, b) => a.at - b.at);
  }

  return { n, names: [...plain.keys()], remarks, groups: all, read };
}

/** What a column is; null for what is no number and no text. */
function measureOf({ element, children }: SchemaTree): Column['measure'] | null {
  if (children.length > 0 || element.repetition_type === 'REPEATED') return null;
  const { type, converted_type: converted } = element;
  const logical = element.logical_type?.type;
  if (converted === 'JSON' || converted === 'BSON' || converted === 'INTERVAL') return null;
  if (logical === 'GEOMETRY' || logical === 'GEOGRAPHY' || logical === 'JSON' || logical === 'VARIANT') return null;
  if (type === 'BOOLEAN') return 'boolean';
  if (converted === 'DECIMAL' || logical === 'FLOAT16') return 'number';
  if (type === 'BYTE_ARRAY' || logical === 'UUID') return 'text';
  if (type === 'FIXED_LEN_BYTE_ARRAY') return null;
  if (converted === 'DATE' || converted?.startsWith('TIMESTAMP') || logical === 'DATE' || logical === 'TIMESTAMP')
    return 'date';
  if (type === 'INT96') return 'date';
  return converted?.startsWith('TIME_') || logical === 'TIME' ? 'time' : 'number';
}

function unitOf({ converted_type: converted, logical_type: logical }: SchemaElement, measure: Column['measure']): Unit {
  if (measure !== 'date' && measure !== 'time') return { times: 1, over: 1 };
  if (converted === 'DATE' || logical?.type === 'DATE') return { times: DAY, over: 1 };
  const unit = logical !== undefined && 'unit' in logical ? logical.unit : converted?.replace(/^TIME(STAMP)?_/, '');
  const millisecond = unit === 'NANOS' ? 1e6 : unit === 'MICROS' ? 1e3 : 1;
  return { times: 1, over: measure === 'time' ? 60_000 * millisecond : millisecond };
}

class Texts {
  readonly #column: MixedColumn;

  private constructor(column: MixedColumn) {
    this.#column = column;
  }

  /** What tells numbers and dates among texts is loaded where there are any. */
  static async of(name: string): Promise<Texts> {
    const { MixedColumn } = await import('./typing.ts');
    return new Texts(new MixedColumn(name));
  }

  add(data: DecodedArray): void {
    for (const value of data) this.#column.add(value);
  }

  end(remarks: string[]): Column {
    return this.#column.end(remarks);
  }
}
