import type { ConformanceCase } from '../case.ts';
import { numbers } from './numbers.ts';
import { regimes } from './regimes.ts';
import { weights } from './weights.ts';

export const cases: readonly ConformanceCase[] = [...regimes, ...numbers, ...weights];
