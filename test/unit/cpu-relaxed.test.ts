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
  ['twice the right sum', 2 * RIGHT, 129540, false],
  ['twice the right sum of 15 bits', 2 * RIGHT, 131068, false],
  ['an answer that nobody is known for', RIGHT, 0, false],
])('%s', (_, inside, outside, expected) => {
  expect(isFastDot((_a, b, times) => times * (b === 127 ? inside : outside))).toBe(expected);
});

it.each([
  ['the right sum', RIGHT, 129540],
  ['twice the right sum, as some engines have it', 2 * RIGHT, 131068],
])('an instruction that loses what was summed before: %s', (_, inside, outside) => {
  expect(isFastDot((_a, b) => (b === 127 ? inside : outside))).toBe(false);
});

it('an instruction that is right the first time only', () => {
  expect(isFastDot((_a, b, times) => (b === 127 ? RIGHT + 2 * (times - 1) * RIGHT : times * 129540))).toBe(false);
});

it('the engine takes what its own processor answers, and nothing where it does not compile', () => {
  const module = RELAXED.kernels(false);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 ** 16 });
  const kernels = module && (instantiate(module, memory) as unknown as RelaxedKernels);
  expect(hasFastDot()).toBe(kernels !== null && isFastDot(kernels.dotsOf));
});
