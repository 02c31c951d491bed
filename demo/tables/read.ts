/** A file as a table, whatever it is: told from its first bytes, not from its name. */
import { blame, bytesOf, listed, type Reading } from './reading.ts';
import { isNumeric, type NumberColumn, type Table } from './table.ts';
import { UnreadableError } from './unreadable.ts';

export type { Reading } from './reading.ts';

/** Each reader is loaded when it is needed: most people have one kind of file. */
type Reader = (file: Blob, name: string, reading: Reading) => Promise<Table>;

const readDelimited: Reader = async (...all) => (await import('./csv.ts')).readDelimited(...all);
const readParquet: Reader = async (...all) => (await import('./parquet.ts')).readParquet(...all);
const readArrow: Reader = async (...all) => (await import('./arrow.ts')).readArrow(...all);
const readNpy: Reader = async (...all) => (await import('./npy.ts')).readNpy(...all);
const readSpreadsheet: Reader = async (...all) => (await import('./xlsx.ts')).readSpreadsheet(...all);
const readImage: Reader = async (...all) => (await import('./image.ts')).readImage(...all);
const readJson: Reader = async (...all) => (await import('./json.ts')).readJson(...all);

/** By gzip: whatever is within. */
async function readPacked(file: Blob, name: string, reading: Reading): Promise<Table> {
  const unpacked = await blame('gzip file', reading, () => {
    const stream = file.stream().pipeThrough(new DecompressionStream('gzip'), { signal: reading.signal });
    return new Response(stream).blob();
  });
  const { delimited, ...table } = await readTable(unpacked, name, reading);
  return table;
}

function refuse(sentence: string): Reader {
  return () => {
    throw new UnreadableError(sentence);
  };
}

const TRY = 'Try to save it as CSV or Parquet.';

/** Bytes at the beginning; a space stands for any byte. */
const MARKS: readonly (readonly [mark: string, reader: Reader])[] = [
  ['PAR1', readParquet],
  ['PARE', refuse('This Parquet file is encrypted.')],
  ['ARROW1', readArrow],
  ['\xff\xff\xff\xff', readArrow],
  ['FEA1', refuse(`This is a Feather file of version 1, which is no longer in use. ${TRY}`)],
  ['\x93NUMPY', readNpy],
  ['PK\x03\x04', readSpreadsheet],
  ['PK', refuse('This ZIP archive is empty, or one part of several.')],
  ['\x89PNG', readImage],
  ['\xff\xd8\xff', readImage],
  ['GIF8', readImage],
  ['RIFF    WEBP', readImage],
  ['    ftypavif', readImage],
  ['BM    \0\0\0\0', readImage],
  ['%PDF', refuse('This looks like a PDF. A table has to be taken out of it first.')],
  ['\xd0\xcf\x11\xe0', refuse('This looks like an old Excel file (.xls). Save it as .xlsx or CSV.')],
  ['\x1f\x8b', readPacked],
  ['\x28\xb5\x2f\xfd', refuse('This file is packed with Zstandard. Unpack it first.')],
  ['BZh', refuse('This file is packed with bzip2. Unpack it first.')],
  ['7z\xbc\xaf', refuse('This is a 7-Zip archive. Unpack it first.')],
  ['Rar!', refuse('This is a RAR archive. Unpack it first.')],
  ['SQLite format 3', refuse(`This looks like an SQLite database. ${TRY}`)],
  ['\x89HDF', refuse(`This looks like an HDF5 file. ${TRY}`)],
  ['Obj\x01', refuse(`This looks like an Avro file. ${TRY}`)],
  ['ORC', refuse(`This looks like an ORC file. ${TRY}`)],
  ['RDX', refuse(`This looks like an R data file. ${TRY}`)],
  ['{\\rtf', refuse('This looks like a document (RTF), not a table.')],
];

/** @throws {UnreadableError} that says why and where, in words for whoever opened it. */
export async function readTable(file: Blob, name: string, reading: Reading): Promise<Table> {
  reading.signal.throwIfAborted();
  if (file.size === 0) throw new UnreadableError('This file is empty.');
  const head = await bytesOf(file, 0, 4096);
  const letters = Array.from(head.subarray(0, 16), (byte) => String.fromCharCode(byte)).join('');
  const found = MARKS.find(([mark]) => Array.from(mark).every((letter, i) => letter === ' ' || letter === letters[i]));
  const reader = found === undefined ? textReader(head) : found[1];
  return withDoubts(await reader(file, name, reading));
}

/** Keys are as long as that, and would be other ones without a word. */
function withDoubts(table: Table): Table {
  const isCoarse = ({ measure, values }: NumberColumn) => {
    if (measure !== 'number') return false;
    for (const value of values) {
      const size = Math.abs(value);
      if (size > Number.MAX_SAFE_INTEGER && size < 2 ** 64) return true;
    }
    return false;
  };
  const coarse = table.columns.filter((column) => isNumeric(column) && isCoarse(column));
  if (coarse.length === 0) return table;
  const names = listed(coarse.map(({ name }) => name));
  const remark = `Numbers beyond 9,007,199,254,740,991 in ${names} are rounded: not every whole number there can be told from the next.`;
  return { ...table, remarks: [...table.remarks, remark] };
}

function textReader(head: Uint8Array): Reader {
  const isWide = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  if (isWide) return readDelimited;
  if (head.some((byte) => byte < 32 && !isWhite(byte))) {
    return refuse('This file is no text, and none of the formats that this page knows.');
  }
  const text = new TextDecoder().decode(head).trimStart();
  if (/^<(!doctype|html|head|body)/i.test(text)) {
    return refuse('This looks like a web page (HTML), perhaps an error message in place of the file.');
  }
  if (/^<[?a-z]/i.test(text)) return refuse(`This looks like XML. ${TRY}`);
  return /^(\{|\[\s*[[{"\d\]-])/.test(text) ? readJson : readDelimited;
}

/** Tab, line feed, form feed, carriage return; and the sign that ends files of DOS. */
function isWhite(byte: number): boolean {
  return byte === 9 || byte === 10 || byte === 12 || byte === 13 || byte === 26;
}
