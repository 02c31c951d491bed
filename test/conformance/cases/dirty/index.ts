import type { ConformanceCase } from '../../case.ts';
import { kmeans } from './kmeans.ts';

export const dirty: readonly ConformanceCase[] = [...kmeans];
