import { test } from 'vitest';
import { requestNodeDevice } from '../../src/node/index.ts';
import { missing } from '../missing.ts';
import { missingDriver } from '../vulkan.ts';
import { cases } from './cases/index.ts';
import { webgpuRunner } from './runner.ts';

const run = webgpuRunner('WebGPU in Node', () => requestNodeDevice());
const driverless = process.platform === 'linux' && !process.env.VK_DRIVER_FILES;

for (const conformanceCase of cases.filter(({ only }) => only !== 'cpu')) {
  test(conformanceCase.name, async (context) => {
    if (driverless) missing(context, missingDriver);
    await run(conformanceCase);
  });
}
