/** How points cross to the worker: copied in turns of the event loop, or given away. */
import { has, LARGEST, owns, propertyOf } from '../check.ts';
import { fieldsOf, type HostForm, type PointsInput, type RowsForm, readForm } from '../forms.ts';
import type { Steps } from '../steps.ts';
import { arrayOf, copied, isShared } from './arrays.ts';
import { argumentToCross } from './values.ts';

/** Points as a message carries them, and the memory that goes along. */
export interface Crossing {
  readonly points: object;
  readonly buffers: ArrayBuffer[];
}

/**
 * A matrix and columns of typed arrays cross as they lie; anything else is read, and crosses as rows of float64.
 *
 * @param transfer whether the caller's typed arrays are given away; memory that is shared is shared then
 * @throws {TypeError | RangeError} as the survey of points does, for values that are read here, and for a GPUBuffer.
 */
export function* crossing(points: PointsInput, transfer: boolean): Steps<Crossing> {
  const form = readForm(points);
  if (owns(form, 'fields')) throw new TypeError('points in a GPUBuffer cannot cross to a worker');
  const taken = new Set<ArrayBuffer>();
  function* take(name: string, array: ArrayBufferView): Steps<ArrayBufferView> {
    const sent = transfer ? array : yield* copied(name, array);
    if (!isShared(sent)) taken.add(sent.buffer as ArrayBuffer);
    return sent;
  }
  if (has(points, 'data')) {
    const { data, ...layout } = fieldsOf(points);
    const sent = yield* take('points.data', data as ArrayBufferView);
    return { points: { ...(argumentToCross(layout) as object), data: sent }, buffers: [...taken] };
  }
  const columns = typedColumns(points);
  if (columns === null) {
    const data = yield* valuesOf(form);
    return { points: { data, shape: [form.n, form.d] }, buffers: [data.buffer] };
  }
  const sent: ArrayBufferView[] = [];
  for (const [j, column] of columns.entries()) sent.push(yield* take(`points.columns[${j}]`, column));
  return { points: { columns: sent }, buffers: [...taken] };
}

/** Columns where all of them are typed arrays, else null. */
function typedColumns(points: object): readonly ArrayBufferView[] | null {
  const columns = propertyOf(points, 'columns');
  if (typeof columns !== 'object' || columns === null) return null;
  const all = Array.from(columns as ArrayLike<ArrayBufferView>);
  return all.every((column) => arrayOf(column) !== undefined) ? all : null;
}

/** Values that are read between two looks at the clock: of vectors that have methods a few milliseconds. */
const READ_VALUES = 2 ** 15;

/** All rows, one behind the other. */
function* valuesOf(form: HostForm | RowsForm): Steps<Float64Array<ArrayBuffer>> {
  if (owns(form, 'lengths')) yield* form.lengths();
  const { n, d } = form;
  const values = new Float64Array(n * d);
  const rows = Math.max(1, Math.floor(READ_VALUES / d));
  for (let start = 0; start < n; start += rows) {
    if (start > 0) yield;
    const block = values.subarray(start * d, Math.min(n, start + rows) * d);
    form.read(start, start + block.length / d, block);
    // What is no number is told by what it is here, which the worker does not see.
    const wrong = block.findIndex((value) => !(Math.abs(value) <= LARGEST));
    if (wrong >= 0) throw form.wrong(start + Math.floor(wrong / d), wrong % d);
  }
  return values;
}
