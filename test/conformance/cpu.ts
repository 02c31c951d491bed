/** The conformance suite on the CPU engine as it is chosen inside: with SIMD or without, on so many threads. */
import { afterAll, describe, expect, it } from 'vitest';
import { type CpuEngineOptions, createCpuEngine } from '../../src/cpu/engine.ts';
import type { ConformanceCase } from './case.ts';
import { cases } from './cases/index.ts';
import { cpuRunner, sharing } from './runner.ts';
import { LONG, shortCases } from './short.ts';

export function conformanceOn(
  options: CpuEngineOptions & { readonly threads: number },
  chosen: readonly ConformanceCase[] = shortCases,
): void {
  const { threads, simd = true, shared = true } = options;
  const name = `${simd ? 'SIMD' : 'TypeScript'}, threads: ${threads}${shared ? '' : ', memory not shared'}`;
  describe(name, () => {
    // Few points are worth workers too.
    const engine = createCpuEngine({ valuesOfThread: 1, ...options });
    const run = cpuRunner(name, sharing(engine));
    afterAll(() => engine.destroy());
    it.each(chosen)('$name', (conformanceCase) => run(conformanceCase));
  });
}

it('runs all cases but known ones', () => {
  expect(cases.filter(({ name }) => LONG.includes(name)).map(({ name }) => name)).toHaveLength(LONG.length);
});
