/** What the CPU engine is put together from. */
import { describe, expect, it } from 'vitest';
import { createArena, ShardMemory } from '../../src/cpu/memory.ts';
import { SLICE_ROWS, shardsOf } from '../../src/cpu/plan.ts';
import { lowestBitOf, topBitOf } from '../../src/engine/bits.ts';
import {
  type BitSample,
  countsAndSums,
  leftOver,
  NO_BITS,
  Spill,
  UNITS_OF_LARGE,
  unitsOf,
} from '../../src/engine/fixed.ts';
import { resultOf, runAsync, runNow, type Steps } from '../../src/steps.ts';
import { rootOf, Tree } from '../../src/tree.ts';
import { uniforms } from '../conformance/cases/data.ts';

describe('shardsOf', () => {
  const SIZES = [1, 511, 512, 513, 5120, 65_536, 65_537, 3_000_000];

  it.each(SIZES)('cuts %i rows into whole chunks, none twice and none left out', (n) => {
    for (const threads of [1, 2, 5, 64]) {
      const extents = shardsOf(n, 3, threads);
      expect(extents[0].start).toBe(0);
      expect(extents.at(-1)!.end).toBe(n);
      expect(extents.length).toBeLessThanOrEqual(threads);
      extents.forEach(({ start, end, chunkRows }, s) => {
        expect(end).toBeGreaterThan(start);
        expect(start % chunkRows).toBe(0);
        expect(chunkRows % SLICE_ROWS).toBe(0);
        if (s > 0) expect(start).toBe(extents[s - 1].end);
      });
    }
  });

  it('has the same chunks for any number of threads', () => {
    for (const n of SIZES) {
      const sizes = [1, 2, 5, 64].map((threads) => shardsOf(n, 3, threads)[0].chunkRows);
      expect(new Set(sizes).size).toBe(1);
    }
  });

  it('cuts slices of rows so wide that one would not fit', () => {
    for (const d of [2 ** 20, 4_300_000, 2 ** 28]) {
      const shards = shardsOf(256, d, 2);
      expect(shards[0].start).toBe(0);
      expect(shards.at(-1)!.end).toBe(256);
      shards.forEach(({ start, end, chunkRows }, s) => {
        expect(start % chunkRows).toBe(0);
        expect(start).toBe(s === 0 ? 0 : shards[s - 1].end);
        expect(4 * d * (end - start)).toBeLessThanOrEqual(2 ** 30);
      });
    }
  });

  it('keeps shards below a gigabyte, and as many for each thread', () => {
    for (const threads of [1, 2, 3]) {
      const extents = shardsOf(10_000_000, 100, threads);
      expect(extents.length % threads).toBe(0);
      for (const { start, end } of extents) expect(4 * 100 * (end - start)).toBeLessThanOrEqual(1.05 * 2 ** 30);
    }
  });
});

describe('Tree', () => {
  it.each([1, 2, 3, 5, 8, 13, 64, 100, 127, 128])('of %i leaves has one root, however they are cut', (leaves) => {
    const uniform = uniforms(leaves);
    // Sums of these depend on their order.
    const values = Array.from({ length: leaves }, () => 10 ** (16 * uniform() - 8));
    const rootWhereCutAt = (cuts: readonly number[]) => {
      const bounds = [0, ...cuts, leaves];
      return rootOf(
        bounds.slice(1).flatMap((end, part) => {
          const tree = new Tree();
          for (let index = bounds[part]; index < end; index++) {
            tree.add({ level: 0, index, value: Float64Array.of(values[index], -values[index]) });
          }
          return tree.nodes;
        }),
      );
    };
    const root = rootWhereCutAt([]);
    expect(root[0]).toBeCloseTo(
      values.reduce((sum, value) => sum + value, 0),
      -3,
    );
    expect(root[1]).toBe(-root[0]);
    for (let trial = 0; trial < 50; trial++) {
      const cuts = Array.from({ length: 1 + Math.floor(5 * uniform()) }, () => Math.floor((leaves + 1) * uniform()));
      expect(rootWhereCutAt(cuts.sort((a, b) => a - b))).toEqual(root);
    }
  });
});

describe('ShardMemory', () => {
  it('has zeros for the next shard, where the last one was', () => {
    const memory = new ShardMemory(createArena(1000, false));
    const before = memory.allocate(1000);
    memory.f32.fill(1, before / 4, before / 4 + 250);
    memory.clear();
    const offset = memory.allocate(2000);
    expect(offset).toBe(before);
    expect(memory.u8.subarray(offset, offset + 2000).every((byte) => byte === 0)).toBe(true);
  });

  it.each([1, 2, 3])('allocates zeros that overlap nothing, whatever was freed: seed %i', (seed) => {
    const uniform = uniforms(seed);
    const memory = new ShardMemory(createArena(1000, false));
    const live = new Map<number, { size: number; mark: number }>();
    for (let step = 1; step <= 600; step++) {
      if (live.size > 0 && uniform() < 0.45) {
        const offset = [...live.keys()][Math.floor(live.size * uniform())];
        const { size, mark } = live.get(offset)!;
        const bytes = memory.u8.subarray(offset, offset + size);
        expect(bytes.every((byte) => byte === mark)).toBe(true);
        memory.free(offset);
        live.delete(offset);
      } else {
        const size = Math.floor(10 ** (5 * uniform()));
        const offset = memory.allocate(size);
        expect(offset % 64).toBe(0);
        expect(offset).toBeGreaterThan(0);
        expect(live.has(offset)).toBe(false);
        const bytes = memory.u8.subarray(offset, offset + size);
        expect(bytes.length).toBe(size);
        expect(bytes.every((byte) => byte === 0)).toBe(true);
        const mark = 1 + (step % 255);
        bytes.fill(mark);
        live.set(offset, { size, mark });
      }
    }
  });

  it('throws where there is no room, and stays usable', () => {
    const memory = new ShardMemory(createArena(1000, false));
    expect(() => memory.allocate(2 ** 33)).toThrow(RangeError);
    const offset = memory.allocate(100);
    expect(memory.u8.subarray(offset, offset + 100).every((byte) => byte === 0)).toBe(true);
  });
});

describe('fixed-point sums', () => {
  /** A float64, as how often 2^-1074 goes into it. */
  function exactly(value: number): bigint {
    let scaled = value;
    let shift = 0n;
    while (!Number.isInteger(scaled)) {
      scaled *= 2;
      shift++;
    }
    return (BigInt(scaled) << 1074n) >> shift;
  }

  /** That of a sum's float64 neighbours which is nearest to it. */
  function expectRounded(found: number, sum: bigint, what: string): void {
    const off = (value: number) => {
      const difference = exactly(value) - sum;
      return difference < 0n ? -difference : difference;
    };
    const next = Math.abs(found) * 2 ** -52 || Number.MIN_VALUE;
    for (const other of [found - next, found + next]) expect(off(found) <= off(other), `${what}: ${found}`).toBe(true);
  }

  const sampleOf = (values: readonly number[]): BitSample => ({
    rows: values.length,
    bits: Int16Array.from(
      values.flatMap((value) => [...(value === 0 ? [NO_BITS, NO_BITS] : [topBitOf(value), lowestBitOf(value)]), 0, 0]),
    ),
  });

  const COLUMNS: Record<string, (uniform: () => number) => number> = {
    uniform: (uniform) => uniform() - 0.5,
    'eight decades': (uniform) => (uniform() - 0.5) * 10 ** (-8 * uniform()),
    'sixty decades': (uniform) => (uniform() - 0.5) * 10 ** (60 * uniform() - 30),
    denormal: (uniform) => 2 ** -1074 * Math.floor(1000 * uniform()),
    huge: (uniform) => (uniform() - 0.5) * 2 ** 600,
    'one far value': (uniform) => (uniform() < 0.01 ? 1e300 : uniform()),
    'nothing but zeros': () => 0,
  };

  it.each(Object.keys(COLUMNS))('are exact, and rounded once: %s', (column) => {
    const uniform = uniforms(5);
    const values = Array.from({ length: 1000 }, () => COLUMNS[column](uniform));
    // As if there were more rows, so that windows are shorter, and a sample of some of them.
    for (const [n, sampled] of [
      [1000, 1000],
      [1000, 30],
      [3e6, 1000],
      [3e6, 1],
    ]) {
      const units = runNow(unitsOf([sampleOf(values.slice(0, sampled))], n, 2));
      const { stride, limbs } = units;
      const length = limbs * stride;
      const parts = [0, 1].map(() => ({ high: new Float64Array(length), low: new Float64Array(length) }));
      const integers = parts.map(() => new Array<bigint>(length).fill(0n));
      const spills = parts.map(() => new Spill(units));
      values.forEach((value, i) => {
        let left = leftOver(value, 0, units);
        if (left !== 0) spills[i % 2].add(left, 0, 0);
        for (let at = 0, rest = value - left; at < length; at += stride) {
          const large = units.units[at] * UNITS_OF_LARGE;
          const whole = rest + large - large;
          integers[i % 2][at] += BigInt(whole / units.units[at]);
          rest -= whole;
          left = rest;
        }
        expect(left).toBe(0);
      });
      integers.forEach((ofPart, p) => {
        ofPart.forEach((integer, at) => {
          expect(integer < 2n ** 62n && integer > -(2n ** 62n)).toBe(true);
          parts[p].high[at] = Number(integer >> 32n);
          parts[p].low[at] = Number(integer & 0xffff_ffffn);
        });
      });
      const summed = parts.map((part, p) => ({ ...part, spilled: spills[p].sums() }));
      const { sums } = runNow(countsAndSums(summed, units, 1, 1));
      const sum = values.reduce((total, value) => total + exactly(value), 0n);
      expectRounded(sums[0], sum, `n = ${n}, ${sampled} sampled`);
    }
  });

  it('have one limb where a window holds the values, two where it does not', () => {
    const uniform = uniforms(6);
    const floats = Array.from({ length: 1000 }, () => Math.fround(uniform()));
    const products = floats.map((value) => value * Math.fround(uniform()));
    expect(runNow(unitsOf([sampleOf(floats)], 3e6, 2)).limbs).toBe(1);
    expect(runNow(unitsOf([sampleOf([...floats, 1e30])], 3e6, 2)).limbs).toBe(1);
    expect(runNow(unitsOf([sampleOf(products)], 3e6, 2)).limbs).toBe(2);
  });

  it.each([3, 30, 45])(
    'have the window that leaves the fewest values outside, others deciding: over %i bits',
    (spread) => {
      const uniform = uniforms(7);
      const width = 51;
      for (let trial = 0; trial < 40; trial++) {
        const columns = 1 + Math.floor(4 * uniform());
        const rows = 1 + Math.floor(30 * uniform());
        const bits = Int16Array.from({ length: 2 * rows * columns }, () => 0);
        for (let at = 0; at < bits.length; at += 2) {
          const top = Math.floor(spread * uniform()) - 20;
          bits.set(uniform() < 0.1 ? [NO_BITS, NO_BITS] : [top, top - Math.floor(24 * uniform())], at);
        }
        const { limbs, units } = runNow(unitsOf([{ rows, bits }], 1000, columns));
        if (limbs > 1) continue;
        const isThere = (at: number) => at % 2 === 0 && bits[at + 1] !== NO_BITS;
        const all = Array.from(bits.keys()).filter(isThere);
        // The outermost bits are as far as it may be worth to go.
        const outside = (ats: readonly number[], start: number) =>
          ats.reduce((sum, at) => sum + Number(bits[at] >= start + width) + Number(bits[at + 1] < start), 0);
        for (let j = 0; j < columns; j++) {
          const own = all.filter((at) => (at / 2) % columns === j);
          const counted = own.length > 0 ? own : all;
          if (counted.length === 0) continue;
          const ends = [
            Math.min(...counted.map((at) => bits[at + 1])),
            Math.max(...counted.map((at) => bits[at])) + 1 - width,
          ];
          const costs = new Map<number, number>();
          for (let start = Math.min(...ends); start <= Math.max(...ends); start++) {
            costs.set(start, outside(own, start) + outside(all, start) / (all.length + 1));
          }
          const least = Math.min(...costs.values());
          const [first] = Array.from(costs.keys()).filter((start) => costs.get(start) === least);
          let ties = 1;
          while (costs.get(first + ties) === least) ties++;
          expect(units[j]).toBe(2 ** (first + Math.min(3, ties >> 1)));
        }
      }
    },
  );

  it('have units that n of the largest values do not overflow', () => {
    for (const n of [1, 1000, 3_000_000, 2 ** 31]) {
      const { units, limits } = runNow(unitsOf([sampleOf([0.75, 1, 0])], n, 2));
      const largest = limits[0] / units[0];
      expect(BigInt(largest) * BigInt(n)).toBeLessThan(2n ** 63n);
      expect(largest).toBeLessThanOrEqual(2 ** 51);
      expect(limits[0]).toBeGreaterThanOrEqual(0.75);
    }
  });
});

describe('the bits of a number', () => {
  it.each([
    1,
    3,
    0.75,
    1e300,
    2 ** -1074,
    3 * 2 ** -1074,
    2 ** -1022,
    Number.MAX_VALUE,
    2 ** 52 + 1,
    2 ** 40 + 2 ** 20,
  ])('lie where they are: %d', (value) => {
    for (const signed of [value, -value]) {
      const [top, lowest] = [topBitOf(signed), lowestBitOf(signed)];
      expect(2 ** top <= value && (top === 1023 || value < 2 ** (top + 1))).toBe(true);
      expect(Number.isInteger(value / 2 ** Math.max(lowest, -1074))).toBe(true);
      if (lowest > -1074) expect((value / 2 ** lowest) % 2).toBe(1);
    }
  });
});

describe('steps', () => {
  const later = <T>(value: T) => new Promise<T>((resolve) => setTimeout(() => resolve(value)));

  it('run at once, or in turns, to the same end', async () => {
    function* sum(): Steps<number> {
      let total = 0;
      for (let i = 0; i < 5; i++) {
        total += yield* resultOf(i);
        yield;
      }
      return total;
    }
    let pauses = 0;
    expect(runNow(sum())).toBe(10);
    expect(await runAsync(sum(), undefined, () => void pauses++)).toBe(10);
    expect(pauses).toBe(5);
  });

  it('that wait cannot run at once', () => {
    expect(() => runNow(resultOf(later(1)))).toThrow('this work waits');
  });

  it('get what they wait for, or the reason why not', async () => {
    function* waits(): Steps<string> {
      const first = yield* resultOf(later('a'));
      try {
        return first + (yield* resultOf(Promise.reject(new Error('b'))));
      } catch (error) {
        return first + (error as Error).message;
      }
    }
    expect(await runAsync(waits())).toBe('ab');
  });

  it.each(['busy', 'waiting'])('are left by an abort through their finally blocks: %s', async (how) => {
    const controller = new AbortController();
    const left: string[] = [];
    function* work(): Steps<void> {
      try {
        if (how === 'waiting') yield* resultOf(new Promise<never>(() => undefined));
        for (;;) yield;
      } finally {
        left.push('finally');
      }
    }
    const reason = new Error('enough');
    const run = runAsync(work(), controller.signal, () => later(undefined));
    setTimeout(() => controller.abort(reason), 5);
    await expect(run).rejects.toBe(reason);
    expect(left).toEqual(['finally']);
  });

  it('are not begun for a signal that is aborted already', async () => {
    let begun = false;
    // biome-ignore lint/correctness/useYield: nothing is waited for
    function* work(): Steps<void> {
      begun = true;
    }
    await expect(runAsync(work(), AbortSignal.abort(new Error('no')))).rejects.toThrow('no');
    expect(begun).toBe(false);
  });
});
