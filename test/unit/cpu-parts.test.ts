/** What the CPU engine is put together from. */
import { describe, expect, it } from 'vitest';
import { momentsOf, UNITS_OF_LARGE, unitsOf } from '../../src/cpu/fixed.ts';
import { createMemory, ShardMemory } from '../../src/cpu/memory.ts';
import { SLICE_ROWS, shardsOf } from '../../src/cpu/partition.ts';
import { rootOf, Tree } from '../../src/cpu/tree.ts';
import { resultOf, runAsync, runNow, type Steps } from '../../src/steps.ts';
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
  it.each([1, 2, 3])('allocates zeros that overlap nothing, whatever was freed: seed %i', (seed) => {
    const uniform = uniforms(seed);
    const memory = new ShardMemory(createMemory(1000, false));
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
    const memory = new ShardMemory(createMemory(1000, false));
    expect(() => memory.allocate(2 ** 33)).toThrow(RangeError);
    const offset = memory.allocate(100);
    expect(memory.u8.subarray(offset, offset + 100).every((byte) => byte === 0)).toBe(true);
  });
});

describe('fixed-point sums', () => {
  /** A float64 that is a multiple of 2^-1074, as that multiple. */
  function exactly(value: number): bigint {
    let scaled = value;
    let shift = 0n;
    while (!Number.isInteger(scaled)) {
      scaled *= 2;
      shift++;
    }
    return (BigInt(scaled) << 1074n) >> shift;
  }

  it.each([
    [false, 1],
    [true, 1e6],
    [true, 1e-30],
  ])('are exact to half a unit a term: weighted %s, reach %d', (weighted, scale) => {
    const uniform = uniforms(5);
    const n = 1000;
    const values = Float32Array.from({ length: n }, () => scale * (uniform() - 0.5) * 10 ** (-8 * uniform()));
    const reach = Float64Array.of(Math.max(...values.map(Math.abs)), 1);
    const { stride, limbs, units } = unitsOf(reach, n, weighted);
    const parts = [0, 1].map(() => ({
      high: new Float64Array(limbs * stride),
      low: new Float64Array(limbs * stride),
    }));
    const integers = parts.map(() => new Array<bigint>(limbs).fill(0n));
    values.forEach((value, i) => {
      let rest: number = value;
      for (let limb = 0; limb < limbs; limb++) {
        const unit = units[limb * stride];
        const count = rest / unit + UNITS_OF_LARGE - UNITS_OF_LARGE;
        integers[i % 2][limb] += BigInt(count);
        rest -= count * unit;
      }
      expect(Math.abs(rest)).toBeLessThanOrEqual(units[(limbs - 1) * stride] / 2);
    });
    integers.forEach((ofPart, p) => {
      ofPart.forEach((integer, limb) => {
        parts[p].high[limb * stride] = Number(integer >> 32n);
        parts[p].low[limb * stride] = Number(integer & 0xffff_ffffn);
      });
    });
    const { sums } = momentsOf(parts, { stride, limbs, units }, 1, 1);
    const truth = values.reduce((sum, value) => sum + exactly(value), 0n);
    const off = exactly(sums[0]) - truth;
    const bound = (exactly(units[(limbs - 1) * stride]) * BigInt(n)) / 2n + exactly(Math.abs(sums[0]) * 2 ** -51);
    expect((off < 0n ? -off : off) <= bound).toBe(true);
  });

  it('have units that n of the largest values do not overflow', () => {
    for (const n of [1, 1000, 3_000_000, 2 ** 31]) {
      const { units } = unitsOf(Float64Array.of(0.75, 1, 0), n, true);
      for (const [j, largest] of [0.75, 1].entries()) {
        expect((BigInt(largest / units[j]) + 1n) * BigInt(n)).toBeLessThan(2n ** 63n);
        expect(largest / units[j]).toBeLessThanOrEqual(2 ** 51);
      }
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
    expect(await runAsync(sum(), () => void pauses++)).toBe(10);
    expect(pauses).toBe(5);
  });

  it('that wait cannot run at once', () => {
    expect(() => runNow(resultOf(later(1)))).toThrow('work that waits cannot run in one go');
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
    const run = runAsync(work(), () => later(undefined), controller.signal);
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
    await expect(runAsync(work(), undefined, AbortSignal.abort(new Error('no')))).rejects.toThrow('no');
    expect(begun).toBe(false);
  });
});
