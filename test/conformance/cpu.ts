/** The conformance suite on the CPU engine as it is chosen inside: with SIMD or without, on so many threads. */
import { afterAll, describe, expect, it } from 'vitest';
import { type CpuEngineOptions, createCpuEngine } from '../../src/cpu/engine.ts';
import { cases } from './cases/index.ts';
import { cpuRunner, sharing } from './runner.ts';

/** Most of what these take goes to their references: they run on the engine that callers get, and not on all of these. */
const LONG = [
  'mixture: full, n = 29, d = 520, k = 2, condition 100, offset 0',
  "scikit-learn's full mixture of digits",
  "scikit-learn's tied mixture of digits",
  'several buffers give the bits of one: d = 33, k = 33',
  'mixture: diag, n = 301, d = 301, k = 3, condition 100, offset 0',
  'mixture: spherical, n = 301, d = 301, k = 3, condition 100, offset 0',
  'mixture: tied-diag, n = 301, d = 301, k = 3, condition 100, offset 0',
  'cosine, n = 1000, d = 784, k = 3',
  'groups at ±1e4 standard deviations, d = 40',
  'n = 4097, d = 33, k = 130',
];

const suite = cases.filter(({ only, name }) => only !== 'webgpu' && !LONG.includes(name));

export function conformanceOn(options: CpuEngineOptions & { readonly threads: number }): void {
  const { threads, simd = true, shared = true } = options;
  const name = `${simd ? 'SIMD' : 'TypeScript'}, threads: ${threads}${shared ? '' : ', memory not shared'}`;
  describe(name, () => {
    // Few points are worth workers too.
    const engine = createCpuEngine({ valuesOfThread: 1, ...options });
    const run = cpuRunner(name, sharing(engine));
    afterAll(() => engine.destroy());
    it.each(suite)('$name', (conformanceCase) => run(conformanceCase));
  });
}

it('runs all cases but known ones', () => {
  expect(cases.filter(({ name }) => LONG.includes(name)).map(({ name }) => name)).toHaveLength(LONG.length);
});
