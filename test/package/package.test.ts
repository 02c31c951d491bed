/** The tarball, as it would be published: installed into an empty project, run, bundled, type-checked, linted. */
import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { build, preview } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBrowser, launchBrowser, missingBrowser } from '../browsers.ts';
import { goldenFlights } from '../golden/flights.ts';
import { flightMixtures, type GoldenMixture, goldenMixtures } from '../golden/mixture.ts';
import { missing } from '../missing.ts';
import { dawnDriver } from '../vulkan.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const modules = join(root, 'node_modules');
const executablePath = await findBrowser('chrome');

interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

let folder: string;
let tarball: string;
let project: string;

/** Runs a command, by default in the project, and returns what it prints; rejects with that where it fails. */
async function run(command: string, args: string[], { cwd = project, env = {} }: RunOptions = {}): Promise<string> {
  const outcome = promisify(execFile)(command, args, {
    cwd,
    env: { ...process.env, ...env },
    timeout: 110_000,
    shell: process.platform === 'win32',
  });
  const { stdout } = await outcome.catch((error) => {
    throw new Error(`${command} ${args.join(' ')}\n${error.stdout}${error.stderr || error.message}`);
  });
  return stdout;
}

const node = (args: string[], options?: RunOptions) => run(process.execPath, args, options);
const write = (name: string, text: string) => writeFile(join(project, name), text);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webgpu-clustering-'));
  project = join(folder, 'project');
  await mkdir(project);
  await run('npm', ['run', 'build'], { cwd: root });
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
  const [name] = (await readdir(folder)).filter((file) => file.endsWith('.tgz'));
  tarball = join(folder, name);
  await write('package.json', '{ "name": "consumer", "private": true, "type": "module" }');
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball]);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('installs itself alone', async () => {
  const installed = await readdir(join(project, 'node_modules'));
  expect(installed.filter((name) => !name.startsWith('.'))).toEqual(['webgpu-clustering']);
});

test.for(examples)("the README's example $number runs in Node, and ends: $first", async ({ source }) => {
  await write('example.js', toJavaScript(source));
  expect(await node(['example.js'])).not.toBe('');
});

test.for(examples)("the README's example $number runs in Chrome, bundled: $first", async ({ source }, context) => {
  if (executablePath === null) missing(context, missingBrowser('chrome'));
  expect(await runInChrome(executablePath, toJavaScript(source))).not.toEqual([]);
});

test('runs on WebGPU in Chrome, bundled: the shaders are inside', async (context) => {
  if (executablePath === null) missing(context, missingBrowser('chrome'));
  const source = `
    import { kmeans } from 'webgpu-clustering';
    const { backend, labels } = await kmeans([[0, 0], [0, 1], [9, 9], [9, 8]], { k: 2, backend: 'webgpu' });
    console.log(backend, labels[0] === labels[1], labels[2] === labels[3], labels[0] !== labels[2]);`;
  expect(await runInChrome(executablePath, source)).toEqual(['webgpu true true true']);
});

test('says what to install for WebGPU in Node', async () => {
  const source = `
    import { WebGPUUnavailableError } from 'webgpu-clustering';
    import { requestNodeDevice } from 'webgpu-clustering/node';
    await requestNodeDevice().catch((error) => console.log(error instanceof WebGPUUnavailableError, error.message));`;
  await write('node-device.js', source);
  expect(await node(['node-device.js'])).toMatch(/^true .*npm install webgpu/);
});

describe("reaches scikit-learn's mean log-likelihood of flights and digits", () => {
  let mixtures: readonly GoldenMixture[];

  beforeAll(async () => {
    const digits = goldenMixtures.filter(({ name }) => name === 'digits');
    mixtures = [...flightMixtures(await goldenFlights()), ...digits];
    await mkdir(join(project, 'public'));
    await write('public/mixtures.json', JSON.stringify(fitsOf(mixtures)));
    for (const { name, data } of mixtures) await writeFile(join(project, 'public', `${name}.f32`), data);
    await copyFile(join(root, 'test/package/mixtures.js'), join(project, 'mixtures.js'));
    await write('mixtures-cpu.js', inNode('cpu', 'null'))
  });
});

test.for([
  ['TypeScript 5.9', 'typescript', 'nodenext', []],
  ['TypeScript 5.9', 'typescript', 'bundler', []],
  ['TypeScript 5.9', 'typescript', 'bundler', ['@webgpu/types']],
  ['TypeScript 7', 'typescript-7', 'nodenext', []],
  ['TypeScript 7', 'typescript-7', 'bundler', []],
] as const)('types: %s, %s, %s, with %j', async ([, compiler, moduleResolution, types]) => {
  await write(
    'consumer.ts',
    `import { createEngine, DeviceLostError, type Engine, KMeansModel, kmeans, WebGPUUnavailableError } from 'webgpu-clustering';
     import { requestNodeDevice } from 'webgpu-clustering/node';
     const device: GPUDevice = await requestNodeDevice();
     const points = { data: new Float32Array([0, 1, 8, 9]), shape: [4, 1] } as const;
     const model: KMeansModel = await kmeans(points, { k: 2, device, signal: new AbortController().signal });
     const engine: Engine = await createEngine({ device });
     const labels: Uint32Array = await KMeansModel.fromJSON(model.toJSON()).predict(await engine.upload(points));
     const errors: Error[] = [new DeviceLostError(), new WebGPUUnavailableError()];
     // @ts-expect-error: k is a number
     await kmeans(points, { k: '2' });
     export { engine, errors, labels };`,
  );
  const compilerOptions = {
    target: 'ES2022',
    lib: ['ES2022', 'DOM'],
    module: moduleResolution === 'nodenext' ? 'nodenext' : 'esnext',
    moduleResolution,
    strict: true,
    skipLibCheck: false,
    noEmit: true,
    typeRoots: [modules],
    types,
  };
  await write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['consumer.ts'] }));
  await node(join(modules, compiler, 'bin/tsc'), '-p', '.');
});

test('publint finds nothing', () => node(join(modules, 'publint/src/cli.js'), 'run', tarball, '--strict'));

test('attw finds nothing', () =>
  node(join(modules, '@arethetypeswrong/cli/dist/index.js'), tarball, '--profile', 'esm-only'));

/** The README's first block of code, as JavaScript. */
async function readmeExample(): Promise<string> {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const example = /^```(?:ts|js)\n(.*?)^```$/ms.exec(readme)?.[1];
  if (example === undefined) throw new Error('README.md has no block of ts or js to run as its example');
  return ts.transpile(example, { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext });
}

/** What a page prints that runs the source, bundled by Vite. */
async function runInChrome(executablePath: string, source: string): Promise<string[]> {
  await write('main.js', source);
  await write(
    'index.html',
    '<!doctype html><link rel="icon" href="data:,"><script type="module">import "./main.js"; globalThis.done = true;</script>',
  );
  const config = { root: project, configFile: false, logLevel: 'warn', build: { target: 'es2022' } } as const;
  await build(config);
  const server = await preview({ ...config, preview: { host: '127.0.0.1', port: 0 } });
  const browser = await launchBrowser('chrome', executablePath);
  try {
    const page = await browser.newPage();
    const printed: string[] = [];
    page.on('console', (message) => printed.push(message.text()));
    const broken = new Promise<never>((_, reject) => page.on('pageerror', reject));
    await page.goto(`${server.resolvedUrls?.local[0]}`);
    await Promise.race([broken, page.waitForFunction(() => 'done' in globalThis)]);
    return printed;
  } finally {
    await browser.close();
    await server.close();
  }
}
