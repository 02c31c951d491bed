import type { ConformanceCase } from '../../case.ts';
import { kmeans } from './kmeans.ts';
import { mixture } from './mixture.ts';
import { rows } from './rows.ts';
import { uploads } from './uploads.ts';
import { weights } from './weights.ts';

export const dirty: readonly ConformanceCase[] = [...kmeans, ...weights, ...mixture, ...rows, ...uploads];
