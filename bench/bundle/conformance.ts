/** The conformance suite on WebGPU in Node, without a test runner: `node conformance.js OUT [--every N]`. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { requestNodeDevice } from '../../src/node/index.ts';
import { cases } from '../../test/conformance/cases/index.ts';
import { webgpuRunner } from '../../test/conformance/runner.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { every: { type: 'string', default: '1' } },
});
const every = Number(values.every);
const run = webgpuRunner('WebGPU in Node', () => requestNodeDevice());
const chosen = cases.filter(({ only }) => only !== 'cpu').filter((_, i) => i % every === 0);
const failed: { readonly name: string; readonly error: string }[] = [];
const before = performance.now();
for (const each of chosen) {
  await run(each).catch((error: Error) => {
    failed.push({ name: each.name, error: error.message });
    console.error(`failed: ${each.name}: ${error.message}`);
  });
}
const ms = Math.round(performance.now() - before);
console.log(`conformance: ${chosen.length - failed.length} passed, ${failed.length} failed`);
writeFileSync(positionals[0], JSON.stringify({ passed: chosen.length - failed.length, failed, ms }));
// Dawn keeps the process.
process.exit(failed.length === 0 ? 0 : 1);
