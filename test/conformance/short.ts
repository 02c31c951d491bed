/** What runs on many configurations of the CPU engine. */
import { cases } from './cases/index.ts';

/** Most of what these take goes to their references: they run on the engine that callers get, and not on all of these. */
export const LONG = [
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

export const shortCases = cases.filter(({ only, name }) => only !== 'webgpu' && !LONG.includes(name));
