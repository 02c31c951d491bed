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

/**
 * λB of Celeux and Govaert 1995, Gaussian parsimonious clustering models: a variance for each component and feature, and one
 * volume for all components. It has the layout of `'diag'`, and an estimate and free parameters of its own.
 */
function addForm() {
  writeFileSync(
    join(copy, 'src/mixture/forms/toy.ts'),
    `import { DIAGONAL } from './axes.ts';
import type { CovarianceForm } from './form.ts';
import { own } from './sharing.ts';

const diagonal = own(DIAGONAL);

/** Each component has a variance for each feature; their products are the same in all components. */
export const TOY: CovarianceForm = {
  ...diagonal,
  freeParameters: (k, d) => k * (d - 1) + 1,
  *estimate(statistics, alive, moved) {
    const { means, covariances } = yield* diagonal.estimate(statistics, alive, moved);
    const volumes = covariances.map((variances) => (variances === null ? 0 : geometricMean(variances)));
    const { counts } = statistics;
    const total = counts.reduce((sum, count, c) => (alive[c] ? sum + count : sum), 0);
    const volume = volumes.reduce((sum, own, c) => (alive[c] ? sum + counts[c] * own : sum), 0) / total;
    // One that has collapsed has no shape either.
    const scaled = (variances: Float64Array, own: number) =>
      own > 0 ? variances.map((variance) => (variance * volume) / own) : variances;
    return { means, covariances: covariances.map((variances, c) => variances && scaled(variances, volumes[c])) };
  },
};

function geometricMean(values: Float64Array): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
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
        `  if (covarianceType === 'toy') return (mixing === 'free' ? k - 1 : 0) + k * d + k * (d - 1) + 1;\n${line}`,
    ],
    [
      /^function covariancesOf\([^{]*{\n.*\n/m,
      (head) => `${head}  if (covarianceType === 'toy') {
    const free = covariancesOf(points, responsibilities, counts, { ...mixture, covarianceType: 'diag' }, 0);
    const product = (c: number) => free.subarray(c * d, (c + 1) * d).reduce((a, b) => a * b);
    const volumes = Array.from(counts, (count, c) => (count > 0 ? product(c) ** (1 / d) : 0));
    const total = counts.reduce((a, b) => a + b);
    const volume = volumes.reduce((sum, own, c) => sum + counts[c] * own, 0) / total;
    return free.map((value, at) => {
      const c = Math.floor(at / d);
      return counts[c] > 0 ? (value * volume) / volumes[c] + regularization : value;
    });
  }
`,
    ],
  );
  edit(
    'test/unit/reference-mixture.test.ts',
    ["      'tied-spherical': [[2], [2, 0, 0, 2]],\n", (entry) => `${entry}      toy: [[2, 3, 4, 5], [4, 0, 0, 5]],\n`],
    ["    'tied-spherical': [11 / 6],\n", (entry) => `${entry}    toy: [11 / 6, 11 / 6, 11 / 6, 11 / 6],\n`],
    ['[30, 10, 12, 3, 4, 1]', () => '[30, 10, 12, 3, 4, 1, 10]'],
  );
  edit('demo/index.html', [
    /^.*value="tied-spherical".*\n/m,
    (line) => `${line}            <option value="toy">Toy</option>\n`,
  ]);
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
      return i % 2 === 0 ? [3 + u, 1 + 4 * v] : [-5 + 3 * u, 2 + v];
    });
    const mixture = await gaussianMixture(rows, { k: 2, covarianceType: 'toy', backend: 'cpu', regularization: 0 });
    const [first, second] = [mixture.covariances.slice(0, 2), mixture.covariances.slice(2)];
    assert.ok(Math.abs((first[0] * first[1]) / (second[0] * second[1]) - 1) < 1e-9, 'components differ in volume');
    assert.ok(Math.abs(first[0] / second[0] - 1) > 0.1, 'components have one shape');
    assert.deepEqual([mixture.converged, mixture.decreased], [true, false]);
    const model = await kmeans(rows, { k: 2, metric: 'toy', backend: 'cpu' });
    const unit = rows.map((row) => row.map((value) => value / Math.hypot(...row)));
    const mean = unit.filter((_, i) => model.labels[i] === 0);
    const centroid = [0, 1].map((j) => mean.reduce((sum, row) => sum + row[j], 0) / mean.length);
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

/** @returns how many passed, which all did that ran */
function runTests(...args) {
  const output = run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--reporter', 'json', ...args]);
  const { numPassedTests } = JSON.parse(output.slice(output.indexOf('{"numTotal')));
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
