import type { ConformanceCase } from '../case.ts';
import { compat } from './compat.ts';
import { devices } from './devices.ts';
import { dirty } from './dirty/index.ts';
import { empty } from './empty.ts';
import { forced } from './forced.ts';
import { golden } from './golden.ts';
import { live } from './live.ts';
import { metrics } from './metrics.ts';
import { mixture } from './mixture/index.ts';
import { nearestCases } from './nearest.ts';
import { numbers } from './numbers.ts';
import { precision } from './precision.ts';
import { progress } from './progress.ts';
import { properties } from './properties.ts';
import { refused } from './refused.ts';
import { regimes } from './regimes.ts';
import { scores } from './scores.ts';
import { seeding } from './seeding.ts';
import { select } from './select.ts';
import { shards } from './shards.ts';
import { subgroups } from './subgroups.ts';
import { tiles } from './tiles.ts';
import { tuning } from './tuning.ts';
import { variants } from './variants.ts';
import { weights } from './weights.ts';

/** Of the kinds of points that kernels may go astray on, some that all variants have work with. */
const forcedCases = forced([
  ...named(regimes, /n = 4097, d = 16|n = 1000, d = (8|64)|n = 63, d = 784/),
  ...named(numbers, /far outside|unlike those|all points equal|deviations, d = 8/),
  ...named(precision, /millionths/),
  ...named(metrics, /d = (64|784)/),
  ...named(empty, /many empty/),
  ...named(weights, /fractional/),
]);

function named(cases: readonly ConformanceCase[], words: RegExp): ConformanceCase[] {
  return cases.filter(({ name }) => words.test(name));
}

export const cases: readonly ConformanceCase[] = [
  ...regimes,
  ...numbers,
  ...precision,
  ...weights,
  ...metrics,
  ...empty,
  ...seeding,
  ...shards,
  ...progress,
  ...live,
  ...devices,
  ...refused,
  ...golden,
  ...scores,
  ...select,
  ...nearestCases,
  ...variants,
  ...tiles,
  ...forcedCases,
  ...tuning,
  ...subgroups,
  ...compat,
  ...properties,
  ...mixture,
  ...dirty,
];
