import { afterAll, describe, it } from 'vitest';
import { engineOf } from '../../src/api/create-engine.ts';
import { createCpuEngine } from '../../src/cpu/engine.ts';
import { EngineSet } from '../../src/placement.ts';
import { drawDirty } from '../conformance/cases/dirty/data.ts';
import { checkDirty } from '../conformance/cases/dirty/kmeans.ts';

/** DIRTY_DRAWS=1000 looks for longer; DIRTY_SEED=… begins elsewhere. */
const draws = Number(process.env.DIRTY_DRAWS ?? 30);
const first = Number(process.env.DIRTY_SEED ?? 0);

describe.each([{ simd: true }, { simd: false }])('dirty data against float64: %o', ({ simd }) => {
  const engine = engineOf(new EngineSet('cpu', createCpuEngine({ threads: 1, simd }), null));
  afterAll(() => engine.destroy());

  it(`${draws} draws`, { timeout: 1000 * (60 + draws) }, async () => {
    const failures: string[] = [];
    for (let seed = first; seed < first + draws; seed++) {
      await checkDirty(engine, 'cpu', drawDirty(seed)).catch((error: Error) => failures.push(error.message));
    }
    if (failures.length > 0) throw new Error(`${failures.length} of ${draws}:\n${failures.slice(0, 10).join('\n')}`);
  });
});
