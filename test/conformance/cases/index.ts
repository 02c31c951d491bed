import type { ConformanceCase } from '../case.ts';

export const cases: readonly ConformanceCase[] = [];
