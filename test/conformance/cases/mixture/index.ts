import type { ConformanceCase } from '../../case.ts';
import { changes } from './changes.ts';
import { collapse } from './collapse.ts';
import { devices } from './devices.ts';
import { fitting } from './fitting.ts';
import { golden } from './golden.ts';
import { link } from './link.ts';
import { pieces } from './pieces.ts';
import { precision } from './precision.ts';
import { progress } from './progress.ts';
import { regimes } from './regimes.ts';
import { select } from './select.ts';
import { shards } from './shards.ts';
import { steps } from './steps.ts';
import { tiles } from './tiles.ts';

export const mixture: readonly ConformanceCase[] = [
  ...regimes,
  ...steps,
  ...precision,
  ...link,
  ...collapse,
  ...fitting,
  ...changes,
  ...select,
  ...shards,
  ...pieces,
  ...tiles,
  ...progress,
  ...devices,
  ...golden,
];
