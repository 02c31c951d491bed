// @ts-check
/**
 * Files as sources of blocks, whether they are a `File` of a page or what `openAsBlob` of Node gives. Each reads a part of the
 * file, hands its rows over, and forgets them.
 *
 * @typedef {import('webgpu-clustering').BlockSource} BlockSource
 * @typedef {object} Opened
 * @property {string} format
 * @property {number} [rows] where the file says so at once
 * @property {readonly string[]} names of the columns of numbers
 * @property {(names: readonly string[]) => BlockSource} source of some of them
 */
import { readNpyHeader } from '../../npy.mjs';

/**
 * @param {Blob} file
 * @returns {Promise<Opened>}
 */
export async function openFile(file) {
  const magic = String.fromCharCode(...(await bytesOf(file, 0, 6)));
  if (magic.startsWith('PAR1')) return openParquet(file);
  if (magic === 'ARROW1') return openArrow(file);
  if (magic === '\x93NUMPY') return openNpy(file);
  throw new TypeError('this is no file of Parquet, of Arrow (Feather) or of NumPy');
}

/**
 * Parquet: a block is a row group, of which only the columns that are asked for are read.
 *
 * @param {Blob} file
 * @returns {Promise<Opened>}
 */
async function openParquet(file) {
  const [{ parquetMetadataAsync, parquetScan, parquetSchema }, { compressors }] = await Promise.all([
    import('hyparquet'),
    import('hyparquet-compressors'),
  ]);
  /** @type {import('hyparquet').AsyncBuffer} */
  const buffer = { byteLength: file.size, slice: (start, end = file.size) => file.slice(start, end).arrayBuffer() };
  const metadata = await parquetMetadataAsync(buffer);
  const numbers = ['INT32', 'INT64', 'FLOAT', 'DOUBLE'];
  return {
    format: 'Parquet',
    rows: Number(metadata.num_rows),
    names: parquetSchema(metadata)
      .children.map(({ element }) => element)
      .filter(
        ({ type, logical_type }) => numbers.includes(type ?? '') && (logical_type?.type ?? 'INTEGER') === 'INTEGER',
      )
      .map(({ name }) => name),
    source: (names) => ({
      d: names.length,
      async *blocks() {
        const scan = await parquetScan({ file: buffer, metadata, columns: [...names], compressors });
        for (const range of scan.ranges) {
          yield { columns: await Promise.all(names.map((column) => scan.readColumn({ column, ...range }))) };
        }
      },
    }),
  };
}

/**
 * Arrow's IPC file, also known as Feather: a block is a record batch, which the end of the file says where to find.
 *
 * @param {Blob} file
 * @returns {Promise<Opened>}
 */
async function openArrow(file) {
  const { DataType, RecordBatchReader } = await import('apache-arrow');
  /** As Apache Arrow reads a file of Node's. */
  const handle = {
    fd: 0,
    stat: async () => ({ size: file.size }),
    /** @param {Uint8Array} to @param {number} at @param {number} length @param {number} from */
    async read(to, at, length, from) {
      const bytes = await bytesOf(file, from, from + length);
      to.set(bytes, at);
      return { bytesRead: bytes.length, buffer: to };
    },
    close: async () => {},
  };
  /** @returns {Promise<import('apache-arrow').RecordBatchReader>} */
  const open = async () => (await RecordBatchReader.from(/** @type {any} */ (handle))).open();
  const reader = await open();
  const fields = reader.schema.fields.filter(({ type }) => DataType.isInt(type) || DataType.isFloat(type));
  await reader.cancel();
  return {
    format: 'Arrow',
    names: fields.map(({ name }) => name),
    source: (names) => ({
      d: names.length,
      async *blocks() {
        for await (const batch of await open()) yield { columns: names.map((name) => columnOf(batch, name)) };
      },
    }),
  };
}

/**
 * @param {import('apache-arrow').RecordBatch} batch
 * @param {string} name
 */
function columnOf(batch, name) {
  const column = batch.getChild(name);
  if (column === null) throw new TypeError(`the file has no column '${name}'`);
  return column;
}

const ARRAYS = {
  f4: Float32Array,
  f8: Float64Array,
  i1: Int8Array,
  u1: Uint8Array,
  i2: Int16Array,
  u2: Uint16Array,
  i4: Int32Array,
  u4: Uint32Array,
  i8: BigInt64Array,
  u8: BigUint64Array,
};

/** Bytes of a block, about. */
const BLOCK_BYTES = 2 ** 20;

/**
 * NumPy's file of one array: a block is so many rows, in the array's own type.
 *
 * @param {Blob} file
 * @returns {Promise<Opened>}
 */
async function openNpy(file) {
  const { descr, isByColumn, shape, start } = await readNpyHeader((from, to) => bytesOf(file, from, to), file.size);
  const Values = ARRAYS[/** @type {keyof typeof ARRAYS} */ (descr.slice(1))];
  if (Values === undefined || descr[0] === '>') throw new TypeError(`values of the type '${descr}' are not read here`);
  const [n, d = 1] = shape;
  const width = Values.BYTES_PER_ELEMENT;
  const rows = Math.max(1, Math.floor(BLOCK_BYTES / (width * d)));
  /** @param {number} first @param {number} last */
  const read = async (first, last) =>
    new Values((await bytesOf(file, start + first * width, start + last * width)).buffer);
  const names = Array.from({ length: d }, (_, j) => `column ${j + 1}`);
  return {
    format: 'NumPy',
    rows: n,
    names,
    source: (chosen) => ({
      d: chosen.length,
      async *blocks() {
        const wanted = chosen.map((name) => names.indexOf(name));
        for (let from = 0; from < n; from += rows) {
          const to = Math.min(n, from + rows);
          if (isByColumn) yield { columns: await Promise.all(wanted.map((j) => read(j * n + from, j * n + to))) };
          else yield selected({ data: await read(from * d, to * d), shape: [to - from, d] }, wanted);
        }
      },
    }),
  };
}

/**
 * Some columns of rows.
 *
 * @param {{ data: InstanceType<typeof ARRAYS[keyof typeof ARRAYS]>, shape: [n: number, d: number] }} points
 * @param {readonly number[]} wanted
 */
function selected(points, wanted) {
  const { data, shape } = points;
  const [n, d] = shape;
  if (wanted.length === d) return points;
  return { columns: wanted.map((j) => Array.from({ length: n }, (_, i) => data[i * d + j])) };
}

/**
 * @param {Blob} file
 * @param {number} start
 * @param {number} end
 */
async function bytesOf(file, start, end) {
  return new Uint8Array(await file.slice(start, end).arrayBuffer());
}
