/** The page's benchmark, where there is a CPU alone. */
import { describe, expect, it } from 'vitest';
import { type ComparisonProgress, compare } from '../../demo/work/compare.ts';
import { blobs } from '../conformance/cases/data.ts';

const D = 4;
const K = 6;

/** Groups far apart: nobody's labels hang on rounding. */
function question(n: number) {
  return { features: { n, d: D, data: new Float32Array(blobs({ n, d: D }).data) }, k: K, seed: 3 };
}

function caller(signal = new AbortController().signal) {
  const told: ComparisonProgress[] = [];
  return { signal, told, tell: (progress: ComparisonProgress) => void told.push(progress) };
}

describe('compare', () => {
  it('finds the same clusters by all that can run here, and says what cannot', async () => {
    const { told, ...given } = caller();
    const { contenders, missing, ...asked } = await compare(question(600), given);
    expect(asked).toEqual({ n: 600, d: D, k: K, seed: 3 });
    expect(contenders.map(({ name }) => name)).toEqual(['CPU, one thread', 'ml-kmeans']);
    expect(missing).toEqual([{ name: 'WebGPU', reason: 'This browser offers no WebGPU on this machine.' }]);
    for (const contender of contenders) {
      expect(contender).toMatchObject({ rows: 600, equalLabels: 600, agrees: true, runs: 3 });
      expect(contender.inertia / contenders[0].inertia).toBeCloseTo(1, 6);
      expect(contender.milliseconds).toBeGreaterThan(0);
      expect(contender.nanosecondsPerRow).toBeCloseTo((1e6 * contender.milliseconds) / 600, 6);
      expect(contender.passes).toBeGreaterThanOrEqual(1);
    }
    expect(told).toEqual(['CPU, one thread', 'WebGPU', 'ml-kmeans'].map((name, done) => ({ name, done, of: 3 })));
  });

  it('gives points that are many enough to one thread and to all', async () => {
    const n = 2 ** 17 / D;
    const { contenders } = await compare(question(n), caller());
    const [alone, ...others] = contenders.filter(({ name }) => name.startsWith('CPU'));
    expect(alone).toMatchObject({ name: 'CPU, one thread', rows: n, equalLabels: n, agrees: true });
    for (const { name, inertia, equalLabels } of others) {
      expect(name).toBe('CPU, 2 threads');
      expect([inertia, equalLabels]).toEqual([alone.inertia, n]);
    }
    const peer = contenders.find(({ name }) => name === 'ml-kmeans')!;
    expect(peer.equalLabels).toBe(peer.rows);
    expect(peer.agrees).toBe(true);
  });

  it('can be sent as JSON', async () => {
    const comparison = await compare(question(100), caller());
    expect(JSON.parse(JSON.stringify(comparison))).toEqual(comparison);
  });

  it('rejects more clusters than points', async () => {
    await expect(compare({ ...question(5), k: 6 }, caller())).rejects.toThrow(RangeError);
  });

  it.each(['CPU, one thread', 'ml-kmeans'])('ends soon after an abort during %s', async (name) => {
    const controller = new AbortController();
    const reason = new Error('called off');
    const told: string[] = [];
    const tell = (progress: ComparisonProgress) => {
      told.push(progress.name);
      if (progress.name === name) controller.abort(reason);
    };
    await expect(compare(question(600), { signal: controller.signal, tell })).rejects.toBe(reason);
    expect(told.at(-1)).toBe(name);
  });
});
