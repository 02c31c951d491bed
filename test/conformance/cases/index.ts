import type { ConformanceCase } from '../case.ts';
import { compat } from './compat.ts';
import { devices } from './devices.ts';
import { dirty } from './dirty/index.ts';
import { empty } from './empty.ts';
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
import { variants } from './variants.ts';
import { weights } from './weights.ts';

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
  ...subgroups,
  ...compat,
  ...properties,
  ...mixture,
  ...dirty,
];
