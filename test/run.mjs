/**
 * `npm test`: formatting, types, then the tests; `--all` (`npm run test:all`) has those too that repeat others on one more
 * platform, those beside large packages, and those of many machines, for which it installs what is missing. The last lines say what ran, what was skipped and why. In CI nothing may be skipped.
 */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { runnerImport } from 'vite';
import { startVitest } from 'vitest/node';

const all = process.argv.includes('--all');
if (all) process.env.TEST_ALL = '1';

const { module: browsers } = await runnerImport('./test/browsers.ts');
for (const name of ['chrome', 'firefox']) await browsers.fetchBrowser(name);

if (all) {
  const { module: tools } = await runnerImport('./test/machines/tools.ts');
  tools.fetchTools();
}

/** `{ group, name, state: 'passed' | 'failed' | 'skipped', reason? }` of everything that ran. */
const outcomes = [runScript('check'), ...(all ? installNeighbours() : []), ...(await runTests())];

const failed = outcomes.filter(({ state }) => state === 'failed');
const skipped = outcomes.filter(({ state }) => state === 'skipped');
const passed = outcomes.length - failed.length - skipped.length;

console.log(
  `\nran: ${[...countBy(outcomes, ({ group }) => group)].map(([group, count]) => `${group} ${count}`).join(', ')}`,
);
for (const { group, name } of failed) console.log(`failed: ${group}: ${name}`);
for (const [line, count] of countBy(skipped, ({ group, reason }) => `${group}: ${reason}`)) {
  console.log(`skipped: ${count} of ${line}`);
}
console.log(`${passed} passed, ${failed.length} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`);
process.exitCode = failed.length > 0 || (process.env.CI && skipped.length > 0) ? 1 : 0;

function runScript(name) {
  return { group: name, name: `npm run ${name}`, state: npm(['run', '--silent', name]) };
}

/** Where they are not there as the lock file has them. */
function installNeighbours() {
  const cwd = 'test/neighbours';
  const written = (name) => statSync(`${cwd}/${name}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (written('node_modules/.package-lock.json') >= written('package-lock.json')) return [];
  const state = npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund'], cwd);
  return [{ group: 'neighbours', name: `npm ci in ${cwd}`, state }];
}

function npm(args, cwd = '.') {
  const { status } = spawnSync('npm', args, { stdio: 'inherit', shell: process.platform === 'win32', cwd });
  return status === 0 ? 'passed' : 'failed';
}

async function runTests() {
  const vitest = await startVitest('test', [], { watch: false });
  const modules = vitest.state.getTestModules();
  const errors = vitest.state.getUnhandledErrors();
  await vitest.close();
  const groups = new Set(modules.map((module) => module.project.name));
  const idle = vitest.projects.filter(({ name }) => !groups.has(name));
  return [
    ...modules.flatMap(outcomesOf),
    ...idle.map(({ name }) => ({ group: name, name: 'has no tests', state: 'failed' })),
    ...errors.map((error) => ({ group: 'vitest', name: `unhandled ${error.name}: ${error.message}`, state: 'failed' })),
  ];
}

function outcomesOf(module) {
  const group = module.project.name;
  const tests = [...module.children.allTests()].map((test) => outcomeOf(group, test));
  // A module or a suite that breaks outside its tests has errors of its own.
  const broken = [module, ...module.children.allSuites()].filter((suite) => suite.errors().length > 0);
  return [
    ...tests,
    ...broken.map((suite) => ({ group, name: suite.fullName ?? module.relativeModuleId, state: 'failed' })),
  ];
}

function outcomeOf(group, test) {
  const { state, note } = test.result();
  // Nothing is skipped without a reason.
  if (state === 'skipped' && note) return { group, name: test.fullName, state, reason: note };
  return { group, name: test.fullName, state: state === 'passed' ? 'passed' : 'failed' };
}

function countBy(items, keyOf) {
  const counts = new Map();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}
