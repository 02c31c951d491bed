/** `bench -- gpu --small`: that it comes to its end, and that what it times is right. Its times on software adapters say nothing. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GPU_CASES } from '../../bench/gpu/cases.ts';
import type { SuiteReport } from '../../bench/gpu/suite.ts';
import { findBrowser, missingBrowser } from '../browsers.ts';
import { missing } from '../missing.ts';
import { missingDriver } from '../vulkan.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const MINUTES = 60_000;

/** Who may be there, as reports call those that are, and as they begin to say why others are not. */
const PEERS = {
  node: { 'splat-transform': 'splat-transform', 'TensorFlow.js': 'tfjs', 'jax-js': 'jax-js', PyTorch: 'PyTorch' },
  chrome: { 'TensorFlow.js': '(tfjs|peers)', 'jax-js': '(jax-js|peers)' },
} as const;

interface Report {
  readonly places: readonly (SuiteReport & {
    readonly peers: readonly { readonly name: string }[];
    readonly missing: readonly string[];
  })[];
}

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-gpu-'));
  // Where its script looks for `webgpu` and `puppeteer`.
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const configFile = join(root, 'bench/vite.config.ts');
  await build({ root: join(root, 'bench'), configFile, logLevel: 'error', build: { outDir: join(folder, 'bench') } });
}, 5 * MINUTES);

afterAll(() => rm(folder, { recursive: true }));

test.for(['node', 'chrome'] as const)('in %s', { timeout: 10 * MINUTES }, async (place, context) => {
  if (place === 'chrome' && (await findBrowser('chrome')) === null) missing(context, missingBrowser('chrome'));
  if (process.platform === 'linux' && !process.env.VK_DRIVER_FILES) missing(context, missingDriver);
  const out = join(folder, place);
  const args = [join(folder, 'bench/bench.js'), 'gpu', '--small', '--in', place, '--out', out];
  await promisify(execFile)(process.execPath, args, { cwd: root });
  const [name] = await readdir(out);
  const report: Report = JSON.parse(await readFile(join(out, name), 'utf8'));
  const [{ adapter, cases, peers, missing: refused }] = report.places;
  expect(adapter.software).toBe(/swiftshader|llvmpipe/i.test(adapter.name));
  expect(adapter.flopsPerSecond).toBeGreaterThan(0);
  expect(adapter.bytesPerSecond).toBeGreaterThan(0);
  const there = peers.map(({ name }) => name);
  for (const [name, prefix] of Object.entries(PEERS[place])) {
    if (!there.includes(name)) expect(refused).toContainEqual(expect.stringMatching(`^${prefix}: .`));
  }
  expect(cases.map((each) => each.case.name)).toEqual(GPU_CASES.map(({ name }) => name));
  for (const { title, case: size, library, peers, failures } of cases) {
    expect(Math.abs(library.judgement.told), title).toBeLessThan(1e-6);
    expect(library.judgement.sample, title).toBeLessThan(1e-5);
    expect(library.peakBytes, title).toBeGreaterThan(0);
    if (size.covarianceType === 'k-means') expect(library.tuned!.milliseconds!.length, title).toBeGreaterThan(1);
    else expect(library.tuned, title).toBeNull();
    if (adapter.timestamps) expect(Object.keys(library.kernels!).length, title).toBeGreaterThan(1);
    // Of k-means whoever is there has an answer, or a reason.
    const heard = [...peers.map(({ contender }) => contender), ...failures.map((line) => line.split(': ')[0])];
    const asked = size.covarianceType === 'k-means' ? there.filter((name) => name !== 'splat-transform') : [];
    expect(heard, title).toEqual(expect.arrayContaining(asked));
    for (const line of failures) expect(line, title).toMatch(/^[^:]+: ./);
    // Theirs settle near ties otherwise.
    for (const peer of peers) expect(Math.abs(peer.inertia! - 1), `${title}: ${peer.contender}`).toBeLessThan(0.01);
  }
});
