/** Cases with each way to go about them forced, whatever the adapter would choose. */
import type { Variant } from '../../../src/gpu/plan.ts';
import type { ConformanceCase } from '../case.ts';

const VARIANTS: readonly Partial<Variant>[] = [{ tile: 'tall' }, { filter: 'bytes' }];

/** The same cases, once for each variant. */
export function forced(cases: readonly ConformanceCase[]): ConformanceCase[] {
  return VARIANTS.flatMap((variant) => {
    const words = Object.values(variant).join(', ');
    return cases.map(({ name, run }) => ({
      name: `forced to ${words}: ${name}`,
      only: 'webgpu',
      run: (context) => run({ ...context, createEngine: (options) => context.createEngine({ ...options, variant }) }),
    }));
  });
}
