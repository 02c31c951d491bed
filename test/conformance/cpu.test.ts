import { test } from 'vitest';
import { RUNS_ALL } from '../scope.ts';
import { cases } from './cases/index.ts';
import { cpuRunner } from './runner.ts';
import { ON_FIVE_THREADS } from './short.ts';

const run = cpuRunner('CPU in Node');
const elsewhere = RUNS_ALL ? [] : ON_FIVE_THREADS;
const own = cases.filter((one) => one.only !== 'webgpu' && !elsewhere.includes(one));
for (const conformanceCase of own) {
  test(conformanceCase.name, () => run(conformanceCase));
}
