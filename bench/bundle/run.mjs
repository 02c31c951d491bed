/**
 * What a bundle does on a bare machine: the conformance suite on the Vulkan driver that is there, a fit by the built package, and
 * `bench -- gpu`. Writes one JSON. Started by run.sh.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    /** Sizes for a software adapter. */
    small: { type: 'boolean', default: false },
    /** Every nth case of the suite. */
    every: { type: 'string', default: '1' },
    /** Without those that do the same. */
    'no-peers': { type: 'boolean', default: false },
    out: { type: 'string', default: '.' },
  },
});
const work = join(values.out, 'work');
mkdirSync(work, { recursive: true });

const node = (...args) => spawnSync(process.execPath, args, { stdio: 'inherit' }).status;
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));

const suite = join(work, 'conformance.json');
const package_ = join(work, 'package.json');
const flags = [...(values.small ? ['--small'] : []), ...(values['no-peers'] ? ['--no-peers'] : [])];
const statuses = {
  conformance: node('conformance.js', suite, '--every', values.every),
  package: node('package.mjs', package_),
  gpu: node('bench/bench.js', 'gpu', '--in', 'node', ...flags, '--out', work),
};
const benchmark = readdirSync(work).find((name) => name.startsWith('gpu-'));
const result = {
  statuses,
  conformance: statuses.conformance === null ? null : read(suite),
  package: statuses.package === 0 ? read(package_) : null,
  gpu: benchmark === undefined ? null : read(join(work, benchmark)),
};
const path = join(values.out, `bundle-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.json`);
writeFileSync(path, `${JSON.stringify(result, null, 2)}\n`);
rmSync(work, { recursive: true });
console.log(`\nwritten: ${path}`);
process.exitCode = Object.values(statuses).every((status) => status === 0) ? 0 : 1;
