/**
 * What an addition costs: `node test/additions.mjs` adds a covariance form, then a metric, to a copy of the working tree,
 * counts the files that each of them touches, checks the types of everything and fits both on the CPU. With `--all` the
 * unit tests and the conformance cases that hold for every form and every metric run in the copy too.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';

/** How many files each may touch: sources, tests and documents. */
const MOST_FILES = { form: 8, metric: 5 };

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const copy = mkdtempSync(join(tmpdir(), 'additions-'));
try {
  copyTree();
  report('form', changedBy(addForm));
  report('metric', changedBy(addMetric));
  run(process.execPath, ['node_modules/typescript/bin/tsc']);
  console.log('the types of everything agree');
  await fitBoth();
  if (process.argv.includes('--all')) runSuites();
} finally {
  rmSync(copy, { recursive: true, force: true });
}

/** Two variances a component: one of the even features, one of the odd. The layout is that of `'diag'`. */
function addForm() {
  writeFileSync(
    join(copy, 'src/mixture/forms/toy.ts'),
    `import { meanOf } from '../../points.ts';
import { DIAGONAL } from './axes.ts';
import type { CovarianceForm } from './form.ts';
import { own } from './sharing.ts';

const diagonal = own(DIAGONAL);

/** Each component has a variance of the even features and one of the odd. */
export const TOY: CovarianceForm = {
  ...diagonal,
  freeParameters: (k, d) => k * Math.min(d, 2),
  *estimate(statistics, alive, moved) {
    const { means, covariances } = yield* diagonal.estimate(statistics, alive, moved);
    const averagedOf = (variances: Float64Array | null, c: number) =>
      variances && alive[c] ? averaged(variances) : variances;
    return { means, covariances: covariances.map(averagedOf) };
  },
};

function averaged(variances: Float64Array): Float64Array {
  const means = [0, 1].map((parity) => meanOf(variances.filter((_, j) => j % 2 === parity)));
  return variances.map((_, j) => means[j % 2]);
}
`,
  );
  edit(
    'src/mixture/forms/names.ts',
    [/COVARIANCE_TYPES = \[.*(?=\])/, (names) => `${names}, 'toy'`],
    ["`'tied-spherical'` [1].", (end) => `${end}\n * \`'toy'\`: that of \`'diag'\`, of one product.`],
  );
  edit(
    'src/mixture/forms/index.ts',
    ["import { own, shared } from './sharing.ts';\n", (line) => `${line}import { TOY } from './toy.ts';\n`],
    ["  'tied-spherical': shared(SCALAR),\n", (entry) => `${entry}  toy: TOY,\n`],
  );
  edit(
    'test/reference/mixture.ts',
    [/REFERENCE_COVARIANCES = \[.*(?=\])/, (names) => `${names}, 'toy'`],
    [
      '  const ofOne = isDense(covarianceType) ? (d * (d + 1)) / 2',
      (line) =>
        `  if (covarianceType === 'toy') return (mixing === 'free' ? k - 1 : 0) + k * d + k * Math.min(d, 2);\n${line}`,
    ],
    [
      /^function covariancesOf\([^{]*{\n.*\n/m,
      (head) => `${head}  if (covarianceType === 'toy') {
    const free = covariancesOf(points, responsibilities, counts, { ...mixture, covarianceType: 'diag' }, 0);
    return free.map((value, at) => {
      const alike = free.filter((_, other) => Math.floor(other / d) === Math.floor(at / d) && (other - at) % 2 === 0);
      const variance = alike.reduce((a, b) => a + b) / alike.length;
      return counts[Math.floor(at / d)] > 0 ? variance + regularization : value;
    });
  }
`,
    ],
  );
  edit(
    'test/unit/reference-mixture.test.ts',
    ["      'tied-spherical': [[2], [2, 0, 0, 2]],\n", (entry) => `${entry}      toy: [[2, 3, 4, 5], [4, 0, 0, 5]],\n`],
    ["    'tied-spherical': [11 / 6],\n", (entry) => `${entry}    toy: [0.75, 0.75, 4, 4],\n`],
    ['[30, 10, 12, 3, 4, 1]', () => '[30, 10, 12, 3, 4, 1, 6]'],
  );
  edit('demo/work/runs.ts', [/^ *'tied-spherical': '.*\n/m, (line) => `${line}  toy: 'toy',\n`]);
  mention('README.md', '`tied-spherical`', ' and `toy`');
  mention('CHANGELOG.md', '### Added\n\n', '- The covariance type `toy`.\n');
}

/** The Euclidean distance of rows of unit length, with centroids that are their means. */
function addMetric() {
  edit(
    'src/metric.ts',
    [/METRICS = \[.*(?=\])/, (names) => `${names}, 'toy'`],
    ['the inertia Σ w·(1 − cos).\n', (end) => `${end} * \`'toy'\`: that of \`'euclidean'\`, of rows of unit length.\n`],
    [
      'const RULES: Readonly<Record<Metric, MetricRules>> = {\n  euclidean: {',
      () => 'const EUCLIDEAN: MetricRules = {',
    ],
    [
      /^ {2}},\n(?= {2}cosine: {)/m,
      () =>
        '};\n\nconst RULES: Readonly<Record<Metric, MetricRules>> = {\n  euclidean: EUCLIDEAN,\n  toy: { ...EUCLIDEAN, unitRows: true, hasDensity: false },\n',
    ],
  );
  edit(
    'test/reference/kmeans.ts',
    [/REFERENCE_METRICS = \[.*(?=\])/, (names) => `${names}, 'toy'`],
    [
      'REFERENCE_RULES: Readonly<Record<ReferenceMetric, ReferenceRules>> = {\n',
      (line) =>
        `${line}  toy: { unitRows: true, unitCentroids: false, share: 1, squared: (distance) => distance ** 2 },\n`,
    ],
  );
  mention('README.md', 'the cosine', ' and a toy');
  mention('CHANGELOG.md', '### Added\n\n', '- The metric `toy`.\n');
}

/** Fits of both are what they say they are. */
async function fitBoth() {
  const server = await createServer({
    root: copy,
    configFile: join(copy, 'vite.config.ts'),
    logLevel: 'error',
    appType: 'custom',
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
  });
  try {
    const { gaussianMixture, kmeans, destroyDefaultEngines } = await server.ssrLoadModule('/src/index.ts');
    const rows = Array.from({ length: 200 }, (_, i) => {
      const [u, v] = [(i * 0.618) % 1, (i * 0.414) % 1];
      return i % 2 === 0 ? [3 + u, 1 + 4 * v, 2 * v] : [-5 + 3 * u, 2 + v, u];
    });
    const mixture = await gaussianMixture(rows, { k: 2, covarianceType: 'toy', backend: 'cpu', regularization: 0 });
    const [first, second] = [mixture.covariances.slice(0, 3), mixture.covariances.slice(3)];
    assert.ok(first[0] === first[2] && second[0] === second[2], 'features 0 and 2 differ in variance');
    assert.ok(new Set([first[0], first[1], second[0], second[1]]).size === 4, 'the other variances are equal');
    assert.deepEqual([mixture.converged, mixture.decreased], [true, false]);
    const model = await kmeans(rows, { k: 2, metric: 'toy', backend: 'cpu' });
    const unit = rows.map((row) => row.map((value) => value / Math.hypot(...row)));
    const mean = unit.filter((_, i) => model.labels[i] === 0);
    const centroid = [0, 1, 2].map((j) => mean.reduce((sum, row) => sum + row[j], 0) / mean.length);
    assert.ok(
      centroid.every((value, j) => Math.abs(model.centroids[j] - value) < 1e-6),
      'a centroid is no mean',
    );
    assert.equal(model.metric, 'toy');
    await assert.rejects(async () => model.sample(1), /toy k-means has no density/);
    await destroyDefaultEngines();
  } finally {
    await server.close();
  }
  console.log('both fit on the CPU');
}

/** What holds for every form and every metric. */
function runSuites() {
  const names = [
    'mixture-forms',
    'mixture-maximize',
    'mixture-model',
    'mixture-properties',
    'reference-mixture',
    'metric',
  ];
  const units = runTests('--project', 'unit', ...names.map((name) => `test/unit/${name}.test.ts`));
  const cases = runTests('--project', 'cpu', '--testNamePattern', '\\btoy\\b');
  console.log(`${units} unit tests and ${cases} conformance cases hold for both`);
}

/** @returns how many passed, which all did that ran; its error is what vitest says of those that did not */
function runTests(...args) {
  const report = join(copy, 'report.json');
  const reporters = ['--reporter', 'dot', '--reporter', 'json', `--outputFile.json=${report}`];
  run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...args]);
  const { numPassedTests } = JSON.parse(readFileSync(report, 'utf8'));
  assert.ok(numPassedTests > 0, `there is no test of ${args.join(' ')}`);
  return numPassedTests;
}

/** Everything that git has or would take, as a repository of its own. */
function copyTree() {
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const file of files.toString().split('\0')) {
    if (file !== '' && existsSync(join(root, file))) cpSync(join(root, file), join(copy, file));
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
  git('init', '-q');
  commit();
}

/** The files that an addition changes. */
function changedBy(add) {
  add();
  git('add', '-A');
  const files = git('diff', '--cached', '--name-only').trim().split('\n');
  commit();
  return files;
}

function report(kind, files) {
  console.log(`a ${kind} touches ${files.length} files:\n  ${files.join('\n  ')}`);
  assert.ok(files.length <= MOST_FILES[kind], `a ${kind} may touch ${MOST_FILES[kind]} files, not ${files.length}`);
}

function commit() {
  git('add', '-A');
  const author = ['user.name=additions', 'user.email=additions@localhost', 'commit.gpgsign=false'];
  git(...author.flatMap((setting) => ['-c', setting]), 'commit', '-q', '--no-verify', '-m', 'additions');
}

function git(...args) {
  return run('git', args);
}

/** Runs in the copy, as if no test and no hook of the repository had started this. */
function run(command, args) {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(VITEST|GIT_)/.test(name));
  const options = { cwd: copy, env: Object.fromEntries(inherited), encoding: 'utf8', maxBuffer: 2 ** 28 };
  try {
    return execFileSync(command, args, { ...options, stdio: 'pipe' });
  } catch (error) {
    throw new Error(`${[command, ...args].join(' ')}:\n${error.stdout}${error.stderr}`);
  }
}

/** Replaces parts of a file, each of which it must have exactly once. */
function edit(file, ...replacements) {
  let text = readFileSync(join(copy, file), 'utf8');
  for (const [part, replace] of replacements) {
    const found =
      typeof part === 'string'
        ? text.split(part).length - 1
        : [...text.matchAll(new RegExp(part, `${part.flags}g`))].length;
    assert.equal(found, 1, `${file} has ${part} ${found} times: this script no longer knows it`);
    text = text.replace(part, replace);
  }
  writeFileSync(join(copy, file), text);
}

/** Adds to a document, behind the first mention of its kind. */
function mention(file, behind, addition) {
  const text = readFileSync(join(copy, file), 'utf8');
  assert.ok(text.includes(behind), `${file} does not say ${behind}: this script no longer knows it`);
  writeFileSync(
    join(copy, file),
    text.replace(behind, () => behind + addition),
  );
}
