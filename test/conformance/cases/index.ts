import type { ConformanceCase } from '../case.ts';
import { cosine } from './cosine.ts';
import { empty } from './empty.ts';
import { numbers } from './numbers.ts';
import { regimes } from './regimes.ts';
import { seeding } from './seeding.ts';
import { weights } from './weights.ts';

export const cases: readonly ConformanceCase[] = [...regimes, ...numbers, ...weights, ...cosine, ...empty, ...seeding];
