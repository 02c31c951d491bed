/** Where the points are in the picture: coordinates of columns, or of principal components. */
import type { Steps } from '../../src/steps.ts';
import type { Features } from '../features/features.ts';
import { PIECE, readPiece } from '../features/reading.ts';
import { type Known, numbersOf, sortedIn, type Tally, tallyOf, writeKnown } from '../features/tally.ts';
import { isNumeric, type NumberColumn, type Table } from '../tables/table.ts';
import { type Components, principalComponents } from './components.ts';
import type { AxesChoice, AxisInfo, SceneInfo } from './scene.ts';
import { sampleOf, slices } from './slices.ts';

export interface Coordinates {
  readonly n: number;
  /** Two or three. */
  readonly dimensions: number;
  /** [n, dimensions], row-major, less the offsets: single precision loses nothing of a date. NaN where there is none. */
  readonly values: Float32Array;
  /** [dimensions] */
  readonly offsets: readonly number[];
  readonly scene: SceneInfo;
}

/** What is known of an axis before all values are there. */
type AxisSketch = Omit<AxisInfo, 'home' | 'range' | 'step'>;

const MINUTES_A_DAY = 1440;
/** Rows that quantiles are taken of. */
const SAMPLE = 20_000;
/** Steps of a grid that can be seen as one. */
const MOST_STEPS = 2 ** 20;

/** Has to wait for a library where the axes are components: for `runAsync`. */
export function* coordinatesOf(axes: AxesChoice, table: Table, features: Features): Steps<Coordinates> {
  if (axes.kind === 'components') return yield* componentsOf(axes, table, features);
  const columns = axes.kind === 'space' ? [axes.x, axes.y, axes.z] : [axes.x, axes.y];
  return yield* columnsOf(axes, columns, table, features);
}

function* columnsOf(
  axes: AxesChoice,
  columns: readonly number[],
  table: Table,
  features: Features,
): Steps<Coordinates> {
  const { n, rows } = features;
  const m = columns.length;
  const values = new Float32Array(n * m);
  const offsets: number[] = [];
  const info: AxisInfo[] = [];
  const counted: Counted[] = [];
  for (const [axis, at] of columns.entries()) {
    const column = table.columns[at];
    if (!isNumeric(column)) throw new RangeError(`“${column.name}” holds text: an axis needs numbers or dates.`);
    const bend = features.features.find((each) => each.column === at && each.scaling === 'log')?.parameter;
    const tally = yield* tallyOf(column.values, rows);
    const sketch = yield* sketchOf(column, bend, features, tally);
    const sample = yield* sorted(column, sketch, features, tally);
    const offset = sample.length > 0 ? sample[sample.length >> 1] : 0;
    offsets.push(offset);
    if (tally === null) {
      const [low, high] = yield* readAxis(values, m, axis, at, column, sketch, offset, features);
      info.push(axisOf(sketch, sample, low, high));
    } else {
      const found = countedAxis(tally, column, sketch, sample, offset, axis);
      info.push(found.info);
      counted.push(found);
    }
  }
  yield* writeKnown(
    values,
    m,
    rows,
    counted.map(({ known }) => known),
  );
  const scene = { axes, info, shares: sharesOf(columns, features) };
  const coordinates = { n, dimensions: m, values, offsets };
  const within = counted.map(({ within }) => within);
  // Where one axis alone leaves rows out, these are known.
  const isKnown = within.length === m && within.filter((count) => count < n).length < 2;
  if (isKnown) return { ...coordinates, scene: { ...scene, outside: n - Math.min(...within) } };
  return yield* finish(coordinates, scene);
}

/** An axis whose numbers were counted. */
interface Counted {
  readonly info: AxisInfo;
  readonly known: Known;
  /** How many rows are within what is seen of it at first. */
  readonly within: number;
}

function countedAxis(
  tally: Tally,
  { values }: NumberColumn,
  sketch: AxisSketch,
  sample: Float64Array,
  offset: number,
  axis: number,
): Counted {
  const { first, counts } = tally;
  const numbers = numbersOf(tally);
  bendAll(numbers, numbers.length, sketch);
  const there = numbers.filter((_, i) => counts[i] > 0).sort();
  const info = axisOf(sketch, sample, there[0], there[there.length - 1]);
  const [low, high] = info.home;
  const within = counts.reduce((sum, count, i) => sum + (numbers[i] >= low && numbers[i] <= high ? count : 0), 0);
  const becomes = [new Float32Array(numbers.map((number) => number - offset))];
  return { info, within, known: { values, first, becomes, start: axis } };
}

/** Writes an axis of [n, m], gaps filled as they were; returns the least and the greatest. */
function* readAxis(
  values: Float32Array,
  m: number,
  axis: number,
  at: number,
  column: NumberColumn,
  sketch: AxisSketch,
  offset: number,
  features: Features,
): Steps<[low: number, high: number]> {
  const { n, rows } = features;
  const filled = fillingOf(at, features);
  const piece = new Float64Array(Math.min(n, PIECE));
  let [low, high] = [Infinity, -Infinity];
  for (let start = 0; start < n; start += PIECE) {
    const count = Math.min(PIECE, n - start);
    readPiece(piece, column.values, rows, start, count);
    bendAll(piece, count, sketch);
    for (let i = 0; i < count; i++) {
      let value = piece[i];
      if (filled !== null && Number.isNaN(value)) value = filled(start + i);
      values[(start + i) * m + axis] = value - offset;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    yield;
  }
  return [low, high];
}

/** What a gap in a column was filled with, in coordinates. */
function fillingOf(column: number, { d, data, features }: Features): ((point: number) => number) | null {
  const j = features.findIndex((feature) => feature.column === column && feature.part === 'value');
  return j < 0 ? null : (point) => data[point * d + j] * features[j].unit + features[j].centre;
}

function* sketchOf(
  column: NumberColumn,
  bend: number | undefined,
  features: Features,
  tally: Tally | null,
): Steps<AxisSketch> {
  const { name: title, measure } = column;
  if (bend !== undefined) return { title, measure, bend };
  if (measure !== 'time') return { title, measure };
  const minutes = yield* sorted(column, { title, measure }, features, tally);
  const dayStart = startOfDay(minutes);
  return dayStart === 0 ? { title, measure } : { title, measure, dayStart };
}

const NIGHT_END = 240;

/** Four in the morning where hardly anything happens about that time, so that a night is not cut in two. */
function startOfDay(minutes: Float64Array): number {
  const between = (low: number, high: number) => minutes.filter((minute) => minute >= low && minute < high).length;
  const atNight = between(NIGHT_END - 60, NIGHT_END + 60) * 12;
  return atNight < minutes.length / 4 && between(0, NIGHT_END - 60) > 0 ? NIGHT_END : 0;
}

function coordinate(value: number, { bend, dayStart }: AxisSketch): number {
  if (bend !== undefined) return Math.sign(value) * Math.log1p(Math.abs(value) / bend);
  return dayStart !== undefined && value < dayStart ? value + MINUTES_A_DAY : value;
}

/** Makes coordinates of the first values of a column, in place. */
function bendAll(values: Float64Array, count: number, sketch: AxisSketch): void {
  if (sketch.bend === undefined && sketch.dayStart === undefined) return;
  for (let i = 0; i < count; i++) values[i] = coordinate(values[i], sketch);
}

/** A sample of an axis' coordinates, ascending, without gaps. */
function* sorted(
  { values }: NumberColumn,
  sketch: AxisSketch,
  { n, rows }: Features,
  tally: Tally | null,
): Steps<Float64Array> {
  const sample =
    tally === null
      ? new Float64Array(sampleOf(n, SAMPLE)).map((i) => values[rows === null ? i : rows[i]])
      : sortedIn(tally, n, SAMPLE);
  bendAll(sample, sample.length, sketch);
  yield;
  return sample.filter(Number.isFinite).sort();
}

function axisOf(sketch: AxisSketch, sample: Float64Array, low: number, high: number): AxisInfo {
  const step = sketch.bend === undefined ? stepOf(sample) : 0;
  const range: [number, number] = low <= high ? [low, high] : [0, 1];
  if (sketch.measure === 'boolean') return { ...sketch, range, step: 0.6, home: [-0.5, 1.5] };
  if (
    sketch.measure === 'time' &&
    sketch.bend === undefined &&
    low >= 0 &&
    high < MINUTES_A_DAY + (sketch.dayStart ?? 0)
  ) {
    const start = sketch.dayStart ?? 0;
    return { ...sketch, range, step, home: [start, start + MINUTES_A_DAY] };
  }
  return { ...sketch, range, step, home: homeOf(sample, range, step) };
}

/** Nearly all rows; all, where that does not make it much wider. */
function homeOf(sample: Float64Array, [low, high]: AxisInfo['range'], step: number): AxisInfo['home'] {
  const quantile = (share: number) => sample[Math.round(share * (sample.length - 1))] ?? 0;
  let [from, to] = [quantile(0.005), quantile(0.995)];
  if (high - low <= 1.5 * (to - from)) [from, to] = [low, high];
  const padding = 0.03 * (to - from) + step / 2;
  if (padding > 0) return [from - padding, to + padding];
  const width = Math.max(1, Math.abs(from) / 10);
  return [from - width, to + width];
}

/** The greatest step that all differences are multiples of, for whole numbers and for those of up to three decimals. */
function stepOf(sample: Float64Array): number {
  const span = sample[sample.length - 1] - sample[0];
  if (!(span > 0)) return 0;
  for (const scale of [1, 10, 100, 1000]) {
    const whole = sample.map((value) => Math.round(value * scale));
    const isNear = (value: number, i: number) =>
      Math.abs(value - sample[i] * scale) <= 1e-6 * Math.max(1, Math.abs(value));
    if (!whole.every(isNear)) continue;
    let divisor = 0;
    for (let i = 1; i < whole.length; i++) divisor = greatestDivisor(whole[i] - whole[i - 1], divisor);
    return span * scale <= divisor * MOST_STEPS ? divisor / scale : 0;
  }
  return 0;
}

function greatestDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

/** Where each axis is a feature: its unit and its centre. */
function sharesOf(columns: readonly number[], { d, features }: Features): number[] | null {
  const shares = new Array<number>(columns.length * (d + 1)).fill(0);
  for (const [axis, column] of columns.entries()) {
    const j = features.findIndex((feature) => feature.column === column && feature.part === 'value');
    if (j < 0) return null;
    shares[axis * (d + 1) + j] = features[j].unit;
    shares[axis * (d + 1) + d] = features[j].centre;
  }
  return shares;
}

function* componentsOf(
  axes: Extract<AxesChoice, { kind: 'components' }>,
  table: Table,
  features: Features,
): Steps<Coordinates> {
  const { n, d, data } = features;
  const m = axes.count;
  const components = yield* principalComponents(features, m);
  const shares = new Array<number>(m * (d + 1)).fill(0);
  for (const [axis, vector] of components.vectors.entries()) {
    for (let j = 0; j < d; j++) {
      shares[axis * (d + 1) + j] = vector[j];
      shares[axis * (d + 1) + d] -= vector[j] * components.mean[j];
    }
  }
  const values = new Float32Array(n * m);
  const low = new Array<number>(m).fill(Infinity);
  const high = new Array<number>(m).fill(-Infinity);
  for (const [start, end] of slices(n, Math.ceil(2 ** 18 / (d * m)))) {
    for (let i = start; i < end; i++) {
      for (let axis = 0; axis < m; axis++) {
        const at = axis * (d + 1);
        let sum = shares[at + d];
        for (let j = 0; j < d; j++) sum += shares[at + j] * data[i * d + j];
        values[i * m + axis] = sum;
        if (sum < low[axis]) low[axis] = sum;
        if (sum > high[axis]) high[axis] = sum;
      }
    }
    yield;
  }
  const info = low.map((_, axis): AxisInfo => {
    const sketch = { title: titleOf(components, axis, table, features), measure: 'component' as const };
    // A single feature has no second direction: its points are spread over a strip.
    if (axis >= d) return { ...sketch, range: [0, 0], step: 1, home: [-1, 1] };
    const sample = new Float64Array(sampleOf(n, SAMPLE)).map((i) => values[i * m + axis]).sort();
    return { ...axisOf(sketch, sample, low[axis], high[axis]), step: 0 };
  });
  return yield* finish({ n, dimensions: m, values, offsets: new Array<number>(m).fill(0) }, { axes, info, shares });
}

/** "Component 1 (42% of the spread, mostly delay and distance)": what weighs most, up to two. */
function titleOf({ vectors, shares }: Components, axis: number, table: Table, { features }: Features): string {
  if (axis >= vectors.length) return '';
  const weights = new Map<string, number>();
  vectors[axis].forEach((weight, j) => {
    const { name } = table.columns[features[j].column];
    weights.set(name, (weights.get(name) ?? 0) + weight ** 2);
  });
  const names = [...weights].sort((a, b) => b[1] - a[1]).filter(([, weight]) => weight >= 0.2);
  const mostly =
    names.length === 0 || weights.size < 2
      ? ''
      : `, mostly ${names
          .slice(0, 2)
          .map(([name]) => name)
          .join(' and ')}`;
  return `Component ${axis + 1} (${Math.round(100 * shares[axis])}% of the spread)${mostly}`;
}

/** Counts what lies outside of what is seen at first. */
function* finish(coordinates: Omit<Coordinates, 'scene'>, scene: SceneInfo): Steps<Coordinates> {
  const { n, dimensions: m, values, offsets } = coordinates;
  // Rounded as the values are: whatever lies on an edge is within it.
  const low = scene.info.map(({ home }, axis) => Math.fround(home[0] - offsets[axis]));
  const high = scene.info.map(({ home }, axis) => Math.fround(home[1] - offsets[axis]));
  let inside = 0;
  for (const [start, end] of slices(n)) {
    inside += countWithin(values.subarray(start * m, end * m), m, low, high);
    yield;
  }
  return { ...coordinates, scene: { ...scene, outside: n - inside } };
}

/** @param values [n, m], of two axes or three */
function countWithin(values: Float32Array, m: number, low: readonly number[], high: readonly number[]): number {
  const [[lowX, lowY, lowZ], [highX, highY, highZ]] = [low, high].map((ends) => [...ends, ends[1]]);
  let inside = 0;
  for (let at = 0; at < values.length; at += m) {
    const x = values[at];
    const y = values[at + 1];
    const z = values[at + m - 1];
    // Of what is not a number this is not true.
    if (x >= lowX && x <= highX && y >= lowY && y <= highY && z >= lowZ && z <= highZ) inside++;
  }
  return inside;
}

/** Means of the clusters in coordinates, where `shares` is null: [k, dimensions]; NaN for those without rows. */
export function* centresOf(coordinates: Coordinates, labels: Uint32Array, k: number): Steps<Float64Array> {
  const { n, dimensions: m, values, offsets } = coordinates;
  const sums = new Float64Array(k * m);
  const counts = new Float64Array(k * m);
  for (const [start, end] of slices(n)) {
    addTo(sums, counts, m, values.subarray(start * m, end * m), labels.subarray(start, end));
    yield;
  }
  return sums.map((sum, at) => sum / counts[at] + offsets[at % m]);
}

function addTo(sums: Float64Array, counts: Float64Array, m: number, values: Float32Array, labels: Uint32Array): void {
  for (let i = 0; i < labels.length; i++) {
    for (let axis = 0; axis < m; axis++) {
      const value = values[i * m + axis];
      if (Number.isNaN(value)) continue;
      sums[labels[i] * m + axis] += value;
      counts[labels[i] * m + axis]++;
    }
  }
}
