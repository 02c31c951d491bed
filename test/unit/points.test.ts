import { describe, expect, it } from 'vitest';
import { type Frame, intoFrame, outOfFrame } from '../../src/frame.ts';
import { kmeans } from '../../src/index.ts';
import {
  type Float16Values,
  type PointsInput,
  type PreparedPoints,
  preparePoints,
  type RowValues,
  rowLength,
  type SurveyedPoints,
} from '../../src/points.ts';
import { rangeOfPoints } from '../../src/range.ts';
import { runNow } from '../../src/steps.ts';
import { surveyPoints } from '../../src/survey.ts';
import { asInput } from '../conformance/cases/bounds.ts';
import { blobs, type CasePoints, lattice, mapped, uniforms } from '../conformance/cases/data.ts';

function prepare(points: PointsInput, options?: Parameters<typeof preparePoints>[1]): PreparedPoints {
  return preparePoints(points, options) as PreparedPoints;
}

/** All rows in the frame, in float32, or in float64 where the frame says so. */
function filled(points: PreparedPoints): RowValues {
  const rows = new (points.frame.precise ? Float64Array : Float32Array)(points.n * points.d);
  points.fill(rows, 0, points.n);
  return rows;
}

describe('forms of points', () => {
  const rows = [
    [1, 2],
    [3, 5],
    [-7, 11],
  ];
  const values = rows.flat();
  const columnsOf = <T>(column: (values: number[]) => T): T[] => [0, 1].map((j) => column(rows.map((row) => row[j])));
  const forms: Record<string, PointsInput> = {
    'number[][]': rows,
    'Float32Array[]': rows.map((row) => Float32Array.from(row)),
    'Float64Array[]': rows.map((row) => Float64Array.from(row)),
    'array-like rows': { length: 3, 0: rows[0], 1: Int8Array.from(rows[1]), 2: { length: 2, 0: -7, 1: 11 } },
    Float32Array: { data: Float32Array.from(values), shape: [3, 2] },
    Float64Array: { data: Float64Array.from(values), shape: [3, 2] },
    Int8Array: { data: Int8Array.from(values), shape: [3, 2] },
    Int16Array: { data: Int16Array.from(values), shape: [3, 2] },
    Int32Array: { data: Int32Array.from(values), shape: [3, 2] },
    columns: { columns: columnsOf((values) => values) },
    'typed columns': { columns: [Float32Array.of(1, 3, -7), Int8Array.of(2, 5, 11)] },
    'columns of bigints': { columns: [BigInt64Array.of(1n, 3n, -7n), [2n, 5, 11n]] },
    'columns that are read by get': { columns: columnsOf((values) => ({ length: 3, get: (i: number) => values[i] })) },
    'columns that are read by at': { columns: columnsOf((values) => ({ length: 3, at: (i: number) => values[i] })) },
    'columns that are like arrays': { columns: { length: 2, 0: [1, 3, -7], 1: { length: 3, 0: 2, 1: 5, 2: 11 } } },
    BigInt64Array: { data: BigInt64Array.from(values, BigInt), shape: [3, 2] },
    'a column-major BigInt64Array': { data: BigInt64Array.of(1n, 3n, -7n, 2n, 5n, 11n), shape: [3, 2], order: 'F' },
    'a view into a larger buffer': { data: new Float32Array([9, ...values, 9]).subarray(1, 7), shape: [3, 2] },
  };
  const expected = prepare(rows);
  for (const [name, form] of Object.entries(forms)) {
    it(name, () => {
      const points = prepare(form);
      expect([points.n, points.d]).toEqual([3, 2]);
      expect(points.frame).toEqual(expected.frame);
      expect(points.variance).toEqual(expected.variance);
      expect(filled(points)).toEqual(filled(expected));
    });
  }

  it.each([Uint8Array, Uint8ClampedArray, Uint16Array, Uint32Array])('%o', (Kind) => {
    const points = prepare({ data: Kind.from([1, 2, 3, 250]), shape: [2, 2] });
    expect(outOfFrame(filled(points), points.frame)).toEqual(Float64Array.of(1, 2, 3, 250));
  });

  it('BigUint64Array', () => {
    const points = prepare({ data: BigUint64Array.of(1n, 2n, 3n, 250n), shape: [2, 2] });
    expect(outOfFrame(filled(points), points.frame)).toEqual(Float64Array.of(1, 2, 3, 250));
  });

  // Of newer runtimes.
  if ('Float16Array' in globalThis) {
    it('Float16Array', () => {
      const Kind = (globalThis as unknown as { Float16Array: { from(values: number[]): Float16Values } }).Float16Array;
      const points = prepare({ data: Kind.from(values), shape: [3, 2] }, { sampleWeight: Kind.from([1, 1, 1]) });
      expect(filled(points)).toEqual(filled(expected));
      const strided = prepare({ data: Kind.from([1, 3, -7, 2, 5, 11]), shape: [3, 2], order: 'F' });
      expect(filled(strided)).toEqual(filled(expected));
    });
  }

  describe('64-bit integers', () => {
    const near = 2n ** 62n;
    const big = (offsets: readonly number[]) => BigInt64Array.from(offsets, (offset) => near + BigInt(offset));
    const offsets = [0, 3, -7, 100, 12, 51];

    it.each(['data', 'columns'])('keep the differences that float64 has not: %s', (form) => {
      const points = prepare(form === 'data' ? { data: big(offsets), shape: [6, 1] } : { columns: [big(offsets)] });
      const { shift, scale } = points.frame;
      const rows = filled(points);
      // The shift is one that float64 has.
      expect(Math.abs(shift[0] - 2 ** 62)).toBeLessThanOrEqual(1024);
      offsets.forEach((offset, i) => {
        expect((rows[i] - rows[0]) / scale).toBe(offset - offsets[0]);
      });
      expect(BigInt(rows[3] / scale) + BigInt(shift[0])).toBe(near + 100n);
    });

    it('are near something, whatever some of them are', () => {
      const values = big(Array.from({ length: 400 }, (_, i) => i % 50));
      for (let i = 0; i < 400; i += 4) values[i] = 0n;
      const points = prepare({ data: values, shape: [400, 1] });
      const rows = filled(points);
      expect((rows[3] - rows[2]) / points.frame.scale).toBe(1);
      expect((rows[2] - rows[4]) / points.frame.scale).toBe(2 ** 62);
    });

    it('are the same points for a model, whatever is beside them', () => {
      const frame: Frame = { shift: Float64Array.of(2 ** 62), scale: 1 / 128, precise: false };
      for (const beside of [0n, near, -near]) {
        const data = BigInt64Array.of(near + 5n, beside, near - 9n);
        const rows = filled(prepare({ data, shape: [3, 1] }, { frame }));
        expect([rows[0], rows[2]]).toEqual([5 / 128, -9 / 128]);
      }
    });

    it('of a far row are in the coordinates of the caller', () => {
      const data = BigInt64Array.of(near, near + 4n, near + 8n, 12n);
      const prepared = prepare({ data, shape: [4, 1] }, { sampleWeight: [1, 1, 1, 0] });
      expect(prepared.far.indices).toEqual(Uint32Array.of(3));
      expect(prepared.far.values).toEqual(Float64Array.of(12));
    });

    it('are at unit length as they are', () => {
      const data = BigInt64Array.of(3n * 2n ** 60n, 2n ** 62n, 3n, 4n);
      expect([...filled(prepare({ data, shape: [2, 2] }, { metric: 'cosine' }))]).toEqual(
        [0.6, 0.8, 0.6, 0.8].map(Math.fround),
      );
    });

    it('of shards are agreed on in the coordinates of the caller', () => {
      const range = runNow(rangeOfPoints({ data: big(offsets), shape: [6, 1] }, {}));
      expect([...range.samples[0].values]).toEqual(offsets.map((offset) => Number(near + BigInt(offset))));
      expect(range.extremes.high).toEqual(Float64Array.of(2 ** 62));
    });
  });

  it('parts of the rows are parts of the whole', () => {
    const { data, n, d } = blobs({ n: 63, d: 5, seed: 201 });
    const rows = Array.from({ length: n }, (_, i) => data.subarray(i * d, (i + 1) * d));
    for (const metric of ['euclidean', 'cosine'] as const) {
      for (const form of [{ data, shape: [n, d] as const }, rows]) {
        const points = prepare(form, { metric });
        const part = new Float32Array(10 * d);
        points.fill(part, 17, 27);
        expect(part).toEqual(filled(points).subarray(17 * d, 27 * d));
      }
    }
  });
});

describe('the frame', () => {
  it('has shifts that are medians, rounded to multiples of the power of two under the median deviation', () => {
    const points = mapped(blobs({ n: 1001, d: 4, seed: 203 }), (value, j) => (value + 1000 * j) * 7 ** j);
    const { frame } = prepare(asInput(points));
    frame.shift.forEach((shift, j) => {
      const column = points.data.filter((_, at) => at % 4 === j).sort();
      const median = column[500];
      const deviations = column.map((value) => Math.abs(value - median)).sort();
      const step = 2 ** Math.floor(Math.log2(deviations[500]));
      expect(shift % step).toBeCloseTo(0, 20);
      expect(Math.abs(shift - median)).toBeLessThanOrEqual(step / 2);
    });
  });

  it('takes no bit from a float32 that lies not too far out', () => {
    const points = mapped(blobs({ n: 501, d: 1, seed: 215, offset: 300 }), (value) => value);
    for (const far of [2 ** 28, -1e8, 99999992]) {
      const data = points.data.slice();
      data[77] = far;
      const prepared = prepare({ data, shape: [501, 1] });
      expect(outOfFrame(filled(prepared), prepared.frame)[77]).toBe(far);
    }
  });

  it('stays where it is, whatever a third of the rows are', () => {
    const clean = blobs({ n: 600, d: 2, seed: 211, offset: 300 });
    for (const sentinel of [-9999, 2 ** 31 - 1, -3.4028234663852886e38, 1e150]) {
      for (const dirty of [1, 200]) {
        const data = Float64Array.from(clean.data);
        for (let i = 0; i < dirty; i++) data.fill(sentinel, 6 * i, 6 * i + 2);
        const { frame } = prepare({ data, shape: [600, 2] });
        for (const shift of frame.shift) expect(Math.abs(shift - 300)).toBeLessThan(60);
        // Bulk of the width of 10 ends between 2^-16 and 1, unless the largest value would leave float32.
        expect(20 * frame.scale).toBeGreaterThan(2 ** -17);
        expect(frame.precise).toBe(sentinel === 1e150);
      }
    }
  });

  it('has no say of rows of weight 0', () => {
    const { data, n, d } = blobs({ n: 90, d: 2, seed: 213 });
    const masked = Float64Array.from([...data, 1e150, -1e150, 7, 2 ** 31]);
    const sampleWeight = Float32Array.from({ length: n + 2 }, (_, i) => (i < n ? 1 : 0));
    const prepared = prepare({ data: masked, shape: [n + 2, d] }, { sampleWeight });
    const alone = prepare({ data, shape: [n, d] }, { sampleWeight: sampleWeight.subarray(0, n) });
    expect(prepared.frame).toEqual(alone.frame);
    expect(prepared.variance).toEqual(alone.variance);
    expect(prepared.far.indices).toEqual(Uint32Array.of(n, n + 1));
    expect(prepared.far.values).toEqual(Float64Array.of(1e150, -1e150, 7, 2 ** 31));
    expect(filled(prepared).subarray(n * d)).toEqual(new Float32Array(4));
  });

  it('is precise where float32 makes values equal that are not', () => {
    const bursts = (days: readonly number[]) =>
      Float64Array.from({ length: 600 }, (_, i) => days[i % days.length] + (i % 3) * 60_000 + ((i * 7919) % 100));
    const prepareColumn = (data: Float64Array) => runNow(surveyPoints({ data, shape: [600, 1] })) as SurveyedPoints;
    const years = prepareColumn(bursts([1.28e12, 1.76e12]));
    expect(runNow(years.prepare('cpu')).frame.precise).toBe(true);
    expect(runNow(years.prepare('cpu')).rounding[0]).toBeGreaterThan(0.4);
    expect(runNow(years.prepare('webgpu')).frame.precise).toBe(false);
    expect(runNow(years.prepare('webgpu')).rounding[0]).toBeGreaterThan(0.4);
    // A missing stamp moves nothing.
    const missing = bursts([1.76e12]);
    missing[17] = 0;
    expect(runNow(prepareColumn(missing).prepare('cpu')).frame.precise).toBe(false);
    expect(runNow(prepareColumn(missing).prepare('webgpu')).rounding[0]).toBe(0);
  });

  it('has a power of two for its scale, and brings the largest value to 1 or just below', () => {
    for (const factor of [1e-30, 1e-3, 1, 12345, 1e30]) {
      const points = prepare(asInput(mapped(blobs({ n: 501, d: 3, seed: 205 }), (value) => value * factor)));
      expect(Number.isInteger(Math.log2(points.frame.scale))).toBe(true);
      const largest = Float64Array.from(filled(points)).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(largest).toBeLessThanOrEqual(1);
      expect(largest).toBeGreaterThan(0.5);
    }
  });

  it('takes no bit from lattice points, wherever they lie', () => {
    for (const offset of [0, 0.5, 77, 1e5, -12345.75]) {
      const points = mapped(lattice(37, 2), (value) => value / 4 + offset);
      const prepared = prepare(asInput(points));
      expect(outOfFrame(filled(prepared), prepared.frame)).toEqual(Float64Array.from(points.data));
    }
  });

  it('takes no bit from milliseconds since 1970', () => {
    const uniform = uniforms(207);
    const data = Float64Array.from({ length: 5000 }, () => 1.7e12 + Math.floor(uniform() * 2 ** 23));
    const prepared = prepare({ data, shape: [5000, 1] });
    expect(outOfFrame(filled(prepared), prepared.frame)).toEqual(data);
  });

  it('is the value itself where a feature is constant', () => {
    const points = prepare([
      [1e9 + 0.1, 1],
      [1e9 + 0.1, 2],
    ]);
    expect(points.frame.shift[0]).toBe(1e9 + 0.1);
    expect(filled(points)[0]).toBe(0);
    expect(filled(points)[2]).toBe(0);
  });

  it('survives values near the ends of the range', () => {
    for (const extreme of [1e150, 3e38, 1e-45, 2 ** -1030, Number.MIN_VALUE]) {
      const prepared = prepare({ data: Float64Array.of(-extreme, extreme, 0), shape: [3, 1] });
      const rows = filled(prepared);
      expect(rows.every(Number.isFinite)).toBe(true);
      expect(rows[0]).toBeLessThan(rows[2]);
      expect(rows[2]).toBeLessThan(rows[1]);
    }
  });

  it('counts by weight', () => {
    const data = Float32Array.of(0, 100, 10, 20);
    const prepared = prepare({ data, shape: [4, 1] }, { sampleWeight: Float32Array.of(0, 0, 1, 3) });
    expect(prepared.totalWeight).toBe(4);
    expect(prepared.positiveRows).toBe(2);
    // More than half of the weight is 20.
    expect(prepared.frame.shift[0]).toBe(20);
    expect(prepared.variance[0]).toBeCloseTo(18.75 * prepared.frame.scale ** 2, 12);
  });

  it('leads into the frame and out again', () => {
    const frame: Frame = { shift: Float64Array.of(10, -3), scale: 1 / 16, precise: false };
    const points = Float64Array.of(1, 2, 3, 4);
    expect(outOfFrame(intoFrame(points, frame), frame)).toEqual(points);
  });
});

describe('unit rows', () => {
  it('have length 1 whatever the length of the row', () => {
    const rows = [
      [3, 4],
      [3e-200, 4e-200],
      [3e149, -4e149],
      [Number.MIN_VALUE, 0],
    ];
    const prepared = prepare(rows, { metric: 'cosine' });
    expect(Array.from(filled(prepared))).toEqual([0.6, 0.8, 0.6, 0.8, 0.6, -0.8, 1, 0].map(Math.fround));
    expect(prepared.frame).toEqual({ shift: new Float64Array(2), scale: 1, precise: false });
  });

  it('have the length that they should', () => {
    expect(rowLength([9, 3, 4, 9], 1, 2)).toBe(5);
    expect(rowLength([0, 0], 0, 2)).toBe(0);
    expect(rowLength([1e308, 1e308], 0, 2)).toBeCloseTo(Math.SQRT2 * 1e308, -300);
  });
});

describe('what the caller passed', () => {
  const points: CasePoints = blobs({ n: 301, d: 3, seed: 209 });
  it.each(['euclidean', 'cosine'] as const)('is not changed: %s', async (metric) => {
    const data = points.data.slice();
    const sampleWeight = new Float32Array(301).fill(2);
    const init = { data: data.slice(0, 9), shape: [3, 3] as const };
    await kmeans({ data, shape: [301, 3] }, { k: 3, init, metric, sampleWeight, backend: 'cpu' });
    expect(data).toEqual(points.data);
    expect(init.data).toEqual(points.data.slice(0, 9));
    expect(sampleWeight).toEqual(new Float32Array(301).fill(2));
  });

  it('may be frozen', async () => {
    const rows = Object.freeze([Object.freeze([1, 2]), Object.freeze([3, 4])]);
    const options = Object.freeze({ k: 2, backend: 'cpu' as const, init: rows });
    expect((await kmeans(rows, options)).inertia).toBe(0);
  });
});
