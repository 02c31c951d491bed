// @ts-check
/**
 * What the header of NumPy's file of one array says (NEP 1).
 *
 * @typedef {object} NpyHeader
 * @property {string} descr what a value is, as in '<f4'
 * @property {boolean} isByColumn
 * @property {readonly number[]} shape
 * @property {number} start where the values begin
 */

/**
 * @param {(start: number, end: number) => Promise<Uint8Array<ArrayBuffer>>} bytesOf
 * @param {number} size of the file
 * @returns {Promise<NpyHeader>}
 * @throws {RangeError} in words for whoever opened it
 */
export async function readNpyHeader(bytesOf, size) {
  const head = await bytesOf(0, 12);
  if (head.length < 12) throw new RangeError('This NumPy file is cut short: it ends within its header.');
  const view = new DataView(head.buffer);
  const isFirstVersion = head[6] === 1;
  const length = isFirstVersion ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = (isFirstVersion ? 10 : 12) + length;
  const text = new TextDecoder().decode(await bytesOf(start - length, start));
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(text)?.[1];
  if (order === undefined || shape === undefined || size < start) {
    throw new RangeError('The header of this NumPy file is damaged or cut short.');
  }
  if (descr === undefined) throw new RangeError('This NumPy array has named fields. Save them as Parquet or CSV.');
  const sizes = shape
    .split(',')
    .map((size) => size.trim())
    .filter((size) => size !== '');
  if (sizes.length !== 1 && sizes.length !== 2) {
    throw new RangeError(
      `This NumPy array has ${sizes.length} dimensions (${sizes.join(' × ')}). Reshape it to rows × columns first.`,
    );
  }
  return { descr, isByColumn: order === 'True', shape: sizes.map(Number), start };
}
