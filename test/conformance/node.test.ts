import { test } from 'vitest';
import { requestNodeDevice } from '../../src/node/index.ts';
import { missing } from '../missing.ts';
import { shareOf } from '../scope.ts';
import { dawnFlags, missingDriver } from '../vulkan.ts';
import { cases } from './cases/index.ts';
import { webgpuRunner } from './runner.ts';

// To hold the whole suite to one way of doing it: VARIANT='{"filter":"bytes"}'.
const { VARIANT } = process.env;
const forced = VARIANT === undefined ? {} : { variant: JSON.parse(VARIANT) };
const run = webgpuRunner('WebGPU in Node', () => requestNodeDevice({ flags: dawnFlags }), forced);
const driverless = process.platform === 'linux' && !process.env.VK_DRIVER_FILES;

// Chrome runs all of them on the same Dawn.
const shared = shareOf(
  cases.filter(({ only }) => only !== 'cpu'),
  49,
  1,
  VARIANT === undefined ? 2 : 1,
);
for (const conformanceCase of shared) {
  test(conformanceCase.name, async (context) => {
    if (driverless) missing(context, missingDriver);
    await run(conformanceCase);
  });
}
