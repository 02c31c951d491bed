/** What runs on many configurations of the CPU engine. */
import { shareOf } from '../scope.ts';
import { cases } from './cases/index.ts';

/**
 * Not repeated: what goes by the number of buffers, of which the CPU has none, and what takes longest, most of it for its
 * reference. These run on the engine that callers get.
 */
export const LONG = [
  "scikit-learn's full mixture of digits",
  "scikit-learn's tied mixture of digits",
  'cosine, n = 1000, d = 784, k = 3',
  'cosine, n = 4097, d = 64, k = 17',
  'groups at ±1e4 standard deviations, d = 40',
  'mixture: diag, n = 301, d = 301, k = 3, condition 100, offset 0',
  'mixture: full, n = 259, d = 64, k = 2, condition 10000, offset 0',
  'mixture: full, n = 29, d = 520, k = 2, condition 100, offset 0',
  'mixture: spherical, n = 301, d = 301, k = 3, condition 100, offset 0',
  'mixture: tied, n = 31, d = 300, k = 1, condition 100, offset 0',
  'mixture: tied-diag, n = 301, d = 301, k = 3, condition 100, offset 0',
  'n = 1000, d = 784, k = 17',
  'n = 1500, d = 784, k = 8',
  'n = 20000, d = 2, k = 65',
  'n = 4097, d = 33, k = 130',
  'n = 4097, d = 64, k = 33',
  'n = 9001, d = 1, k = 257',
  'n = 9001, d = 17, k = 33',
];

const isShort = (name: string) => !LONG.includes(name) && !name.includes('several buffers');

export const shortCases = cases.filter(({ only, name }) => only !== 'webgpu' && isShort(name));

/** With SIMD: in `npm test` the others run on the engine that callers get. */
export const ON_FIVE_THREADS = shareOf(shortCases, 3);
