import { test } from 'vitest';
import { requestNodeDevice } from '../../src/node/index.ts';
import { missing } from '../missing.ts';
import { shareOf } from '../scope.ts';
import { dawnFlags, missingDriver } from '../vulkan.ts';
import { cases } from './cases/index.ts';
import { webgpuRunner } from './runner.ts';

const run = webgpuRunner('WebGPU in Node', () => requestNodeDevice({ flags: dawnFlags }));
const driverless = process.platform === 'linux' && !process.env.VK_DRIVER_FILES;

// Chrome runs all of them on the same Dawn.
const shared = shareOf(
  cases.filter(({ only }) => only !== 'cpu'),
  36,
  1,
  2,
);
for (const conformanceCase of shared) {
  test(conformanceCase.name, async (context) => {
    if (driverless) missing(context, missingDriver);
    await run(conformanceCase);
  });
}
