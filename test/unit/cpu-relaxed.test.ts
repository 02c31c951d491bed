/** Which processors products of bytes are taken from: what their instructions answer, faked. */
import { expect, it } from 'vitest';
import { hasFastDot, isFastDot, RELAXED } from '../../src/cpu/families/relaxed.ts';
import type { RelaxedKernels } from '../../src/cpu/simd/kernels.ts';
import { instantiate } from '../../src/cpu/wasm.ts';

const RIGHT = -65024;

it.each([
  ['vpdpbusd', RIGHT, 129540, true],
  ['sdot', RIGHT, -508, true],
  ['pmaddubsw, slower than integers of 16 bits', RIGHT, 65534, false],
  ['twice the right sum, as some engines have it', 2 * RIGHT, 129540, false],
  ['an answer that nobody is known for', RIGHT, 0, false],
])('%s', (_, inside, outside, expected) => {
  expect(isFastDot((_a, b) => (b === 127 ? inside : outside))).toBe(expected);
});

it('the engine takes what its own processor answers, and nothing where it does not compile', () => {
  const module = RELAXED.kernels(false);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 ** 16 });
  const kernels = module && (instantiate(module, memory) as unknown as RelaxedKernels);
  expect(hasFastDot()).toBe(kernels !== null && isFastDot(kernels.dotOf));
});
