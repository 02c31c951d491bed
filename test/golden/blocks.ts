/** The same rows as a file of each format that the example of streaming reads, in several blocks. */
import { RecordBatchFileWriter, Table, tableFromArrays } from 'apache-arrow';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { Random } from '../../src/random.ts';

const n = 60_000;
const random = new Random(8);
/** Three columns of three groups, the first of them in all blocks. */
export const rows = Array.from({ length: 3 }, (_, j) =>
  Float64Array.from({ length: n }, (_, i) => 10 * ((i + j) % 3) + random.normal()),
);
const names = ['a', 'b', 'c'];

export const FORMATS = ['parquet', 'arrow', 'npy'] as const;

export const FILES: Readonly<Record<(typeof FORMATS)[number], () => Uint8Array>> = {
  parquet: () =>
    new Uint8Array(
      parquetWriteBuffer({
        columnData: names.map((name, j) => ({ name, data: rows[j], type: 'DOUBLE' as const })),
        rowGroupSize: n / 4,
      }),
    ),
  arrow: () => {
    const batches = Array.from({ length: 4 }, (_, b) => {
      const part = (column: Float64Array) => column.slice((b * n) / 4, ((b + 1) * n) / 4);
      return tableFromArrays(Object.fromEntries(names.map((name, j) => [name, part(rows[j])]))).batches;
    }).flat();
    return RecordBatchFileWriter.writeAll(new Table(batches)).toUint8Array(true);
  },
  npy: () => {
    const text = `{'descr': '<f8', 'fortran_order': False, 'shape': (${n}, ${names.length}), }`;
    const header = new TextEncoder().encode(`${text.padEnd(117)}\n`);
    const bytes = new Uint8Array(128 + 8 * n * names.length);
    bytes.set([0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, header.length, 0]);
    bytes.set(header, 10);
    new Float64Array(bytes.buffer, 128).set(
      Float64Array.from({ length: n * 3 }, (_, at) => rows[at % 3][Math.floor(at / 3)]),
    );
    return bytes;
  },
};
