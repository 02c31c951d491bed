import { test } from 'vitest';
import { cases } from './cases/index.ts';
import { cpuRunner } from './runner.ts';

const run = cpuRunner('CPU in Node');
for (const conformanceCase of cases.filter(({ only }) => only !== 'webgpu')) {
  test(conformanceCase.name, () => run(conformanceCase));
}
