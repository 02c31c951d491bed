/** The tarball, as it would be published: installed into an empty project, run, bundled, type-checked, linted. */
import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { clustersKmeans } from '@turf/clusters-kmeans';
import ts from 'typescript';
import { build, type Rolldown } from 'vite';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { findBrowser, missingBrowser } from '../browsers.ts';
import { goldenFlights } from '../golden/flights.ts';
import { flightMixtures, type GoldenMixture, goldenMixtures } from '../golden/mixture.ts';
import { missing } from '../missing.ts';
import { inAll, RUNS_ALL, shareOf } from '../scope.ts';
import { topicOf } from '../topics.ts';
import { dawnDriver, dawnFlags, missingDriver } from '../vulkan.ts';
import { type Bundler, bundle, type Program, printed, served, servedAnew } from './bundles.ts';
import { commentExamples, promisedLines, readmeExamples } from './examples.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const modules = join(root, 'node_modules');
const executablePath = await findBrowser('chrome');
const readme = await readmeExamples();
const comments = await commentExamples();
/** Which need an adapter of the machine's own. */
const onDevice = comments.filter(({ source }) => source.includes('webgpu-clustering/node'));

/** Within what vitest gives a test. */
const PATIENCE = 110_000;

/** Of the longest golden fits. */
const ITERATIONS = 10;

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
    timeout: RUNS_ALL ? 5 * PATIENCE : PATIENCE,
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
  await standInForTransformers();
  // The README's tables are of this one: found beside the project as well.
  await symlink(join(modules, 'apache-arrow'), join(folder, 'node_modules/apache-arrow'), 'junction');
  await standInForPackages();
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Beside the project, where its files find it too: the README takes embeddings from transformers.js, which needs a download. */
async function standInForTransformers(): Promise<void> {
  const at = join(folder, 'node_modules/@huggingface/transformers');
  await mkdir(at, { recursive: true });
  await copyFile(join(root, 'demo/examples/embeddings/embed.mjs'), join(at, 'embed.mjs'));
  const file = (name: string, text: string) => writeFile(join(at, name), text);
  await file('package.json', '{ "name": "@huggingface/transformers", "type": "module", "exports": "./index.js" }');
  await file(
    'index.js',
    `import { embed } from './embed.mjs';
     export const pipeline = async (task, model) => async (texts, { pooling, normalize }) => {
       const asked = [task, model, pooling, normalize].join();
       if (asked !== 'feature-extraction,Xenova/all-MiniLM-L6-v2,mean,true') throw new Error(asked);
       return embed(texts);
     };`,
  );
  // As version 4 has them.
  await file(
    'index.d.ts',
    `type DataArray = Int8Array | Uint8Array | Uint8ClampedArray | Int16Array | Uint16Array | Int32Array | Uint32Array
       | Float32Array | Float64Array | BigInt64Array | BigUint64Array | any[];
     interface FeatureExtractionPipelineOptions { pooling?: 'none' | 'mean' | 'cls'; normalize?: boolean; quantize?: boolean }
     type FeatureExtractionPipeline = (texts: string | string[], options?: FeatureExtractionPipelineOptions) =>
       Promise<{ readonly data: DataArray; dims: number[] }>;
     export function pipeline(task: 'feature-extraction', model?: string): Promise<FeatureExtractionPipeline>;`,
  );
}

/** A package without its declarations, where the project's files find it: those of some fail in a strict project. */
async function withDeclarations(name: string, entry: string, declarations: string): Promise<void> {
  const at = join(folder, 'node_modules', name);
  await cp(join(modules, name, dirname(entry)), at, { recursive: true, filter: (file) => !/\.d\.[cm]?ts$/.test(file) });
  const described = { name, type: 'module', exports: { types: './types.d.ts', default: `./${basename(entry)}` } };
  await writeFile(join(at, 'package.json'), JSON.stringify(described));
  await writeFile(join(at, 'types.d.ts'), declarations);
}

/** What examples take beside the library. */
async function standInForPackages(): Promise<void> {
  await withDeclarations(
    '@vibrant/color',
    'dist/esm/index.js',
    `export class Swatch {
       constructor(rgb: [number, number, number], population: number);
       get hex(): string;
       get population(): number;
     }`,
  );
  await withDeclarations(
    'image-q',
    'dist/esm/image-q.mjs',
    `declare class Point { static createByRGBA(red: number, green: number, blue: number, alpha: number): Point }
     declare class Palette { add(color: Point): void }
     declare class PointContainer {
       static fromUint8Array(bytes: number[] | Uint8Array | Uint8ClampedArray, width: number, height: number): PointContainer;
       toUint8Array(): Uint8Array;
     }
     export const utils: { Point: typeof Point; Palette: typeof Palette; PointContainer: typeof PointContainer };
     export function applyPaletteSync(image: PointContainer, palette: Palette): PointContainer;`,
  );
}

test('installs itself alone', async () => {
  const installed = await readdir(join(project, 'node_modules'));
  expect(installed.filter((name) => !name.startsWith('.'))).toEqual(['webgpu-clustering']);
});

test('there are examples to run', () => {
  expect(readme.length).toBeGreaterThan(0);
  expect(comments.length).toBeGreaterThan(onDevice.length);
});

test.for(readme)('example $name runs in Node, and ends', async ({ source }) => {
  await write('example.js', toJavaScript(source));
  expect(await node(['example.js'])).not.toBe('');
});

test.for(comments.filter((example) => !onDevice.includes(example)))(
  'example $name runs in Node, and prints what it says',
  async ({ source }) => {
    await write('example.js', toJavaScript(source));
    const printed = await node(['example.js']);
    expect(printed.split('\n').slice(0, -1)).toEqual(promisedLines(source));
  },
);

// Node runs all of them.
test.for(shareOf(readme, 16, 1))('example $name runs in Chrome, bundled', async ({ source }, context) => {
  if (executablePath === null) missing(context, missingBrowser('chrome'));
  expect(await runInChrome(executablePath, toJavaScript(source))).not.toEqual([]);
});

test('the example of embeddings runs in a clone, in Node', async () => {
  const printed = await node([join(root, 'demo/examples/embeddings/node.mjs')], { cwd: root });
  expect(printed).toMatch(/^360 sentences, 384 numbers each\nk {2}2 {2}silhouette 0\.\d{3} {2}inertia 1\d\d\.\d\n/);
  expect(printed).toMatch(/\nk {2}6 .* {2}best, elbow\n/);
  const clusters = printed.split(/\ncluster \d, 60 sentences\n/).slice(1);
  const topics = clusters.map((texts) => new Set(texts.trim().split(/\n\s*/).map(topicOf)));
  expect(topics.map((found) => found.size)).toEqual([1, 1, 1, 1, 1, 1]);
  expect(new Set(topics.flatMap((found) => [...found])).size).toBe(6);
});

test('the example of a map runs in a clone, in Node', async () => {
  const printed = await node([join(root, 'demo/examples/map/node.mjs')], { cwd: root });
  const [title, ...ways] = printed.trim().split(/\n(?=by )/);
  expect(title).toBe('3376 airports in 12 clusters');
  const [onGlobe, inDegrees] = ways.map((lines) => Array.from(lines.matchAll(/^ +(\d+) {2}about .* (\d+) km away$/gm)));
  for (const clusters of [onGlobe, inDegrees]) {
    expect(clusters).toHaveLength(12);
    expect(clusters.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(3376);
  }
  // The islands near 180° are no longer with what is farthest away in degrees.
  const farthest = (clusters: RegExpMatchArray[]) =>
    Math.max(...clusters.map(([, , kilometres]) => Number(kilometres)));
  expect(farthest(onGlobe)).toBeLessThan(0.7 * farthest(inDegrees));
});

test('the example of Arrow runs in a clone, in Node', async () => {
  const printed = await node([join(root, 'demo/examples/arrow/node.mjs')], { cwd: root });
  expect(printed).toMatch(/^344 penguins, 342 of them with all 4 measurements\n/);
  expect(printed).toMatch(/\nk 3 {2}BIC \d+ {2}best\n/);
  expect(printed).toMatch(/\ncolumns Species, .*, cluster\n/);
  const counts = Array.from(printed.matchAll(/\b(?:Adelie|Chinstrap|Gentoo) +(.*)/g), ([, line]) =>
    line.split(/ +/).map(Number),
  );
  // Of each species most are in a cluster, each in one of its own.
  const largest = counts.map((row) => row.indexOf(Math.max(...row)));
  expect(new Set(largest).size).toBe(3);
  expect(counts.reduce((sum, row) => sum + Math.max(...row), 0)).toBeGreaterThan(330);
});

test('runs on WebGPU in Chrome, bundled: the shaders are inside', async (context) => {
  if (executablePath === null) missing(context, missingBrowser('chrome'));
  const source = `
    import { kmeans } from 'webgpu-clustering';
    const { backend, labels } = await kmeans([[0, 0], [0, 1], [9, 9], [9, 8]], { k: 2, backend: 'webgpu' });
    console.log(backend, labels[0] === labels[1], labels[2] === labels[3], labels[0] !== labels[2]);`;
  expect(await runInChrome(executablePath, source)).toEqual(['webgpu true true true']);
});

test('models of the synchronous entry are those of the main one', async () => {
  const source = `
    import { KMeansModel, kmeans } from 'webgpu-clustering';
    import { kmeansSync } from 'webgpu-clustering/cpu';
    const points = [[0, 0], [0, 1], [9, 9], [9, 8]];
    const model = kmeansSync(points, { k: 2 });
    const { labels } = await kmeans(points, { k: 2, init: model, backend: 'cpu' });
    console.log(model instanceof KMeansModel, labels.join() === model.labels.join());`;
  await write('entries.js', source);
  expect(await node(['entries.js'])).toBe('true true\n');
});

// It downloads turf once more.
if (RUNS_ALL) {
  test('turf clusters by the stand-in for skmeans, where overrides of npm name it', async () => {
    const program = join(folder, 'turf');
    await mkdir(program);
    await cp(join(project, 'node_modules/webgpu-clustering/dist/compat/skmeans'), join(program, 'vendor/skmeans'), {
      recursive: true,
    });
    const wanted = {
      private: true,
      type: 'module',
      dependencies: { '@turf/clusters-kmeans': '^7.4.0', 'webgpu-clustering': `file:${tarball}` },
      overrides: { skmeans: 'file:vendor/skmeans' },
    };
    await writeFile(join(program, 'package.json'), JSON.stringify(wanted));
    await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: program });
    const features = Array.from({ length: 20_000 }, (_, i) => {
      const coordinates = [((i * 7919) % 359) - 179, ((i * 104729) % 179) - 89];
      return { type: 'Feature' as const, properties: {}, geometry: { type: 'Point' as const, coordinates } };
    });
    const places = { type: 'FeatureCollection' as const, features };
    await writeFile(join(program, 'places.json'), JSON.stringify(places));
    await writeFile(
      join(program, 'main.js'),
      `import { readFileSync } from 'node:fs';
     import { createRequire } from 'node:module';
     import * as module from '@turf/clusters-kmeans';
     const old = createRequire(import.meta.url)('@turf/clusters-kmeans');
     for (const { clustersKmeans } of [module, old]) {
       const { features } = clustersKmeans(JSON.parse(readFileSync('places.json')), { numberOfClusters: 9 });
       console.log(features.map(({ properties }) => properties.cluster).join());
     }
     console.log(import.meta.resolve('skmeans'));`,
    );
    const [ofModule, ofOld, resolved] = (await node(['main.js'], { cwd: program })).split('\n');
    const theirs = clustersKmeans(places, { numberOfClusters: 9 }).features;
    expect(ofModule).toBe(theirs.map(({ properties }) => properties.cluster).join());
    expect(ofOld).toBe(ofModule);
    expect(resolved).toContain('/vendor/skmeans/index.cjs');
  });
}

test.for([
  ['with SIMD', []],
  // As in a browser that is locked down: no WebAssembly at all.
  ['without WebAssembly', ['--jitless']],
] as const)('workers compute what one thread does, and let the process end: %s', async ([, flags]) => {
  const source = `
    import { createEngine } from 'webgpu-clustering';
    const shape = [2 ** 17, 2];
    const data = Float32Array.from({ length: 2 ** 18 }, (_, i) => (i * 7919) % 1009);
    const inertias = [];
    for (const threads of [2, 1]) {
      const engine = await createEngine({ backend: 'cpu', threads });
      inertias.push((await engine.kmeans({ data, shape }, { k: 4, seed: 1, maxIterations: 5 })).inertia);
    }
    console.log(inertias[0] > 0, inertias[0] === inertias[1]);`;
  await write('workers.js', source);
  expect(await node([...flags, 'workers.js'])).toBe('true true\n');
});

describe('a client', () => {
  /** A fit that is stopped, on points that are worth threads, and a mixture, in four lines of exact numbers. */
  const CLUSTERS = `
    const data = Float32Array.from({ length: 2 ** 18 }, (_, i) => (i * 7919) % 1009);
    const seen = [];
    const onIteration = ({ iteration, centroids }) => {
      seen.push(centroids().length);
      return iteration === 5 ? 'stop' : undefined;
    };
    const model = await client.kmeans({ data, shape: [2 ** 17, 2] }, { k: 4, seed: 1, backend: 'cpu', onIteration });
    console.log(model.inertia, model.iterations, seen.join());
    console.log((await model.predict([[3, 4], [900, 5]])).join());
    const mixture = await client.gaussianMixture([[0], [1], [8], [9]], { k: 2, backend: 'cpu' });
    console.log(mixture.means.join());
    await client.kmeans([[1]], { k: 2 }).catch((error) => console.log(error instanceof RangeError, error.message));
    client.destroy();`;
  const clusters = (made: string) =>
    `import { createWorkerClient } from 'webgpu-clustering/client';\n${made}${CLUSTERS}`;
  const plain = clusters('const client = createWorkerClient();');
  const fromUrl = (url: string) => clusters(`const client = createWorkerClient({ url: ${url} });`);
  const fromWorker = clusters(
    `const worker = new Worker(new URL('webgpu-clustering/worker', import.meta.url), { type: 'module' });
     const client = createWorkerClient({ worker });`,
  );
  /** The library's own, as a client. */
  const direct = `import { gaussianMixture, kmeans } from 'webgpu-clustering';
    const client = { gaussianMixture, kmeans, destroy() {} };${CLUSTERS}`;
  /** Workers and scripts from files only. */
  const STRICT = {
    'Content-Security-Policy': "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:",
  };

  let expected: string[];

  beforeAll(async () => {
    await write('direct.js', direct);
    expected = (await node(['direct.js'])).trim().split('\n');
    expect(expected).toHaveLength(4);
  });

  const inChrome = async (
    context: TestContext,
    bundler: Bundler,
    program: Program,
    { entries = {}, headers = {} }: { entries?: Record<string, string>; headers?: Record<string, string> } = {},
  ) => {
    if (executablePath === null) missing(context, missingBrowser('chrome'));
    const folder = await bundle(bundler, project, program, entries);
    return printed(await served(folder, headers), executablePath, { patience: PATIENCE });
  };

  test('computes in Node what the library does, and keeps no process alive', async () => {
    await write('client.js', plain.replace('client.destroy();', ''));
    expect((await node(['client.js'])).trim().split('\n')).toEqual(expected);
  });

  test('has the classes of the main entry, and takes its models', async () => {
    const source = `
      import { createEngine, GaussianMixtureModel, KMeansModel, kmeans, WebGPUUnavailableError } from 'webgpu-clustering';
      import { createWorkerClient } from 'webgpu-clustering/client';
      const client = createWorkerClient();
      const points = [[0], [1], [8], [9]];
      const clusters = await client.kmeans(points, { k: 2 });
      const mixture = await client.gaussianMixture(points, { k: 2, init: clusters });
      console.log(clusters instanceof KMeansModel, mixture instanceof GaussianMixtureModel);
      const [here, there] = [kmeans, client.kmeans].map((fit) => fit(points, { k: 2, init: new Proxy(clusters, {}) }));
      console.log((await here).inertia === (await there).inertia, await client.nearest(points, await here).then(({ indices }) => indices.join()));
      const unavailable = await client.kmeans(points, { k: 2, backend: 'webgpu' }).catch((error) => error);
      console.log(unavailable instanceof WebGPUUnavailableError);
      const engine = await createEngine({ backend: 'cpu' });
      const refused = await client.kmeans(await engine.upload(points), { k: 2 }).catch((error) => error);
      console.log(refused instanceof TypeError, refused.message);`;
    await write('classes.js', source);
    expect((await node(['classes.js'])).trim().split('\n')).toEqual([
      'true true',
      expect.stringMatching(/^true [01],/),
      'true',
      expect.stringMatching(/^true a Dataset of an engine cannot cross/),
    ]);
  });

  test('does so in a page that Vite bundles, and in a worker of that page', async (context) => {
    const program = {
      'main.js': `${plain}
        const worker = new Worker(new URL('./inner.js', import.meta.url), { type: 'module' });
        await new Promise((resolve) => {
          worker.onmessage = ({ data }) => (data === null ? resolve() : console.log(data));
        });`,
      'inner.js': `${plain.replaceAll('console.log(', 'print(')}
        function print(...what) {
          postMessage(what.join(' '));
        }
        postMessage(null);`,
    };
    expect(await inChrome(context, 'vite', program)).toEqual([...expected, ...expected]);
  });

  // In values, not in milliseconds, which a busy machine makes of anything: all of them take three turns and more.
  test('leaves a page its turns while points are read', async (context) => {
    const source = `
      import { createWorkerClient } from 'webgpu-clustering/client';
      const client = createWorkerClient();
      const [n, d] = [100_000, 64];
      let reads = 0;
      let before = 0;
      let most = 0;
      const vector = {
        length: n,
        get(i) {
          reads++;
          return Math.sin(i % 1009);
        },
      };
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        most = Math.max(most, reads - before);
        before = reads;
        port2.postMessage(null);
      };
      port2.postMessage(null);
      const { labels } = await client.kmeans({ columns: Array(d).fill(vector) }, { k: 2, maxIterations: 1, backend: 'cpu' });
      port1.close();
      console.log(labels.length, reads >= n * d, most < (n * d) / 2);`;
    expect(await inChrome(context, 'vite', { 'main.js': source })).toEqual(['100000 true true']);
  });

  // The same by other bundlers, and by other ways to the worker's script.
  if (RUNS_ALL) {
    test.for<[string, Bundler, string, { entries?: Record<string, string>; headers?: Record<string, string> }]>([
      [
        'a file that Vite names, under a strict policy',
        'vite',
        `import url from 'webgpu-clustering/worker?url';\n${fromUrl('url')}`,
        { headers: STRICT },
      ],
      ['a worker that Vite bundles, under a strict policy', 'vite', fromWorker, { headers: STRICT }],
      ['webpack', 'webpack', plain, {}],
      ['a worker that webpack bundles', 'webpack', fromWorker, {}],
      ['esbuild', 'esbuild', plain, {}],
      [
        'a file that esbuild makes, under a strict policy',
        'esbuild',
        fromUrl("new URL('./worker.js', import.meta.url)"),
        { entries: { worker: 'webgpu-clustering/worker' }, headers: STRICT },
      ],
    ])('does so in a page: %s', async ([, bundler, source, options], context) => {
      expect(await inChrome(context, bundler, { 'main.js': source }, options)).toEqual(expected);
    });

    test('does so in a page that Vite serves while it is written', async (context) => {
      if (executablePath === null) missing(context, missingBrowser('chrome'));
      const server = await servedAnew(project, { 'main.js': plain });
      expect(
        (await printed(server, executablePath, { patience: PATIENCE })).filter((line) => !line.startsWith('[vite]')),
      ).toEqual(expected);
    });

    test('does so in Firefox', async (context) => {
      const firefox = await findBrowser('firefox');
      if (firefox === null) missing(context, missingBrowser('firefox'));
      const folder = await bundle('vite', project, { 'main.js': plain });
      expect(await printed(await served(folder), firefox, { name: 'firefox', patience: PATIENCE })).toEqual(expected);
    });
  }

  test.for([
    ['that forbids workers from blobs', STRICT],
    ['where there is no file', {}],
  ] as const)('says why there is no worker, under a policy %s', async ([, headers], context) => {
    const options = 'Content-Security-Policy' in headers ? '' : "{ url: '/nothing.js' }";
    const source = `
      import { createWorkerClient } from 'webgpu-clustering/client';
      const client = createWorkerClient(${options});
      for (let call = 0; call < 2; call++) {
        await client.kmeans([[1]], { k: 1 }).catch((error) => console.log(error.message));
      }`;
    const lines = await inChrome(context, 'vite', { 'main.js': source }, { headers });
    const said = lines.filter((line) => line.startsWith('the worker of the client is gone'));
    expect(said).toHaveLength(2);
  });
});

test('resident memory stays, however often what is called', { timeout: 6 * PATIENCE }, async () => {
  const source = `
    import { kmeans } from 'webgpu-clustering';
    const [n, d] = [200_000, 64];
    const points = { data: Float32Array.from({ length: n * d }, (_, i) => (i * 7919) % 1009), shape: [n, d] };
    const fit = () => kmeans(points, { k: 4, init: 'random', maxIterations: 1, backend: 'cpu' });
    const model = await fit();
    await model.predict(points, { backend: 'cpu' });
    const before = process.memoryUsage().rss;
    for (let call = 0; call < ${RUNS_ALL ? 500 : 10}; call++) {
      await fit();
      await model.predict(points, { backend: 'cpu' });
    }
    console.log((process.memoryUsage().rss - before) / points.data.byteLength);`;
  await write('resident.js', source);
  expect(Number(await node(['resident.js']))).toBeLessThan(3);
});

test('says what to install for WebGPU in Node', async () => {
  const source = `
    import { WebGPUUnavailableError } from 'webgpu-clustering';
    import { requestNodeDevice } from 'webgpu-clustering/node';
    await requestNodeDevice().catch((error) => console.log(error instanceof WebGPUUnavailableError, error.message));`;
  await write('node-device.js', source);
  expect(await node(['node-device.js'])).toMatch(/^true .*npm install webgpu/);
});

describe("scikit-learn's mean log-likelihood of mixtures of the flights and of digits", () => {
  let mixtures: readonly GoldenMixture[];

  beforeAll(async () => {
    mixtures = [...flightMixtures(await goldenFlights()), ...goldenMixtures.filter(({ name }) => name === 'digits')];
    await mkdir(join(project, 'public'));
    await write('public/mixtures.json', JSON.stringify(fitsOf(mixtures)));
    for (const { name, data } of mixtures) await writeFile(join(project, 'public', `${name}.f32`), data);
    await copyFile(join(root, 'test/package/mixtures.js'), join(project, 'mixtures.js'));
  });

  test('CPU in Node', async () => {
    await write('mixtures-cpu.js', inNode("{ backend: 'cpu' }"));
    expectScores(await node(['mixtures-cpu.js']), 'cpu');
  });

  // The suite has mixtures on the same Dawn.
  if (RUNS_ALL)
    test('WebGPU in Node', async (context) => {
      const env = dawnDriver(executablePath);
      if (env === null) missing(context, missingDriver);
      // A project of its own, for the other one is without `webgpu` and is told so.
      const cwd = join(folder, 'project-with-dawn');
      await cp(project, cwd, { recursive: true });
      await cp(join(modules, 'webgpu'), join(cwd, 'node_modules/webgpu'), { recursive: true });
      const source = `
      import { requestNodeDevice } from 'webgpu-clustering/node';
      const flags = ${JSON.stringify({ flags: dawnFlags })};
      ${inNode("{ backend: 'webgpu', device: await requestNodeDevice(flags) }")}`;
      await writeFile(join(cwd, 'mixtures-webgpu.js'), source);
      expectScores(await node(['mixtures-webgpu.js'], { cwd, env }), 'webgpu');
    });

  test.for(shareOf(['cpu', 'webgpu'], 2))('%s in Chrome', async (backend, context) => {
    if (executablePath === null) missing(context, missingBrowser('chrome'));
    const source = `
      import { fitMixtures } from './mixtures.js';
      await fitMixtures(async (file) => (await fetch(file)).arrayBuffer(), { backend: '${backend}' });`;
    expectScores((await runInChrome(executablePath, source)).join('\n'), backend);
  });

  const inNode = (where: string) => `
    import { readFile } from 'node:fs/promises';
    import { fitMixtures } from './mixtures.js';
    await fitMixtures(async (file) => new Uint8Array(await readFile('public/' + file)).buffer, ${where});`;

  /** A line of what mixtures.js printed for each fit. */
  function expectScores(printed: string, backend: string): void {
    const fits = printed
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    for (const { name, covarianceType, iterations, score } of mixtures) {
      const what = `${name}, ${covarianceType}, ${iterations} iterations`;
      const fit = fits.find((fit) => fit.name === name && fit.covarianceType === covarianceType);
      expect(fit, what).toMatchObject({ backend });
      const near = 1e-5 * (1 + Math.abs(score));
      expect(Math.abs(fit.lowerBounds[iterations - 1] - score), what).toBeLessThanOrEqual(near);
      if (iterations < ITERATIONS) continue;
      expect(fit.lowerBounds, what).toHaveLength(iterations);
      expect(fit.lowerBound, what).toBe(fit.lowerBounds[iterations - 1]);
      expect(Math.abs(fit.score - score), what).toBeLessThanOrEqual(near);
    }
  }
});

const compilers = [
  ['TypeScript 5.9', 'typescript', 'nodenext', []],
  ['TypeScript 5.9', 'typescript', 'bundler', []],
  ['TypeScript 5.9', 'typescript', 'bundler', ['@webgpu/types']],
  ['TypeScript 7', 'typescript-7', 'nodenext', []],
  ['TypeScript 7', 'typescript-7', 'bundler', []],
] as const;

test.for(shareOf(compilers, 5, 3))('types: %s, %s, %s, with %j', async ([, compiler, moduleResolution, types]) => {
  await write(
    'consumer.ts',
    `import { type BisectingStrategy, bisectingKMeans, createEngine, DeviceLostError, type Engine, type KMeans1d, type KMeans1dOptions, KMeansModel, kmeans, kmeans1d, WebGPUUnavailableError } from 'webgpu-clustering';
     import { type ComponentStatus, type CovarianceType, type Criterion, type Dataset, type FixedPart,
       type KMeansCriterion, type KMeansSelection, type KMeansSelectionRow, type SelectKMeansOptions, GaussianMixtureModel, gaussianMixture, type GaussianMixtureFitOptions, type GaussianMixtureInit,
       type GaussianMixtureJSON, type GaussianMixtureOptions, type GaussianMixtureProgress, type Mixing,
       type MixtureStart, type ModelSelection, type SelectionProgress, type SelectionRow, selectModel,
       type SelectModelOptions } from 'webgpu-clustering';
     import { kmeansSync, type KMeansSyncOptions } from 'webgpu-clustering/cpu';
     import { requestNodeDevice } from 'webgpu-clustering/node';
     const device: GPUDevice = await requestNodeDevice();
     const points = { data: new Float32Array([0, 1, 8, 9]), shape: [4, 1] } as const;
     const model: KMeansModel = await kmeans(points, { k: 2, device, signal: new AbortController().signal });
     const engine: Engine = await createEngine({ device });
     const labels: Uint32Array = await KMeansModel.fromJSON(model.toJSON()).predict(await engine.upload(points));
     const errors: Error[] = [new DeviceLostError(), new WebGPUUnavailableError()];
     // @ts-expect-error: k is a number
     await kmeans(points, { k: '2' });

     const sync: KMeansSyncOptions = { k: 2, init: model, metric: 'cosine', sampleWeight: new Float32Array(4) };
     const atOnce: KMeansModel = kmeansSync(points, sync);
     // @ts-expect-error: loaded on demand
     kmeansSync(points, { k: 2, maxSize: 2 });
     const halves: KMeansModel = await kmeans(points, { k: 2, maxSize: 2 });
     const strategy: BisectingStrategy = 'largest-cluster';
     const tree: KMeansModel = await bisectingKMeans({ data: new BigInt64Array(4), shape: [4, 1] }, { k: 2, strategy });
     const line: KMeans1d = kmeans1d(new BigUint64Array(4), { k: 2, sampleWeight: [1, 2, 1, 1] } satisfies KMeans1dOptions);
     // @ts-expect-error: nothing can abort it
     kmeansSync(points, { k: 2, signal: new AbortController().signal });
     // @ts-expect-error: points are on the host
     kmeansSync(await engine.upload(points), { k: 2 });

     const covarianceType: CovarianceType = 'tied-diag';
     const mixing: Mixing = 'equal';
     const fixed: readonly FixedPart[] = ['weights'];
     const start: MixtureStart = { means: [[0], [9]] };
     const init: GaussianMixtureInit = start;
     const onIteration = ({ iteration, lowerBound, change }: GaussianMixtureProgress) => console.log(iteration, lowerBound, change);
     const fit: GaussianMixtureFitOptions = { k: 2, covarianceType, mixing, fixed, temperature: [2, 1], init, onIteration };
     const options: GaussianMixtureOptions = { ...fit, device, sampleWeight: new Float32Array(4) };
     const dataset: Dataset = await engine.upload(points);
     const mixtures: GaussianMixtureModel[] = [
       await gaussianMixture(points, options),
       await engine.gaussianMixture(dataset, { ...fit, init: model }),
       await model.toGaussianMixture(points, { covarianceType, device }),
       GaussianMixtureModel.fromParameters({ weights: [1], means: [[0]], covariances: [1], covarianceType: 'full' }),
     ];
     const json: GaussianMixtureJSON = mixtures[0].toJSON();
     const statuses: readonly ComponentStatus[] = GaussianMixtureModel.fromJSON(json).components;
     const back: KMeansModel = await mixtures[0].toKMeans(points, { device });
     const proba: Float32Array = await mixtures[0].predictProba(dataset);
     const densities: Float64Array = await mixtures[0].scoreSamples(dataset);
     const scores: number[] = [await mixtures[0].score(dataset), await mixtures[0].icl(points, { sampleWeight: new Float32Array(4) })];
     const drawn: { data: Float64Array; shape: [n: number, d: number]; labels: Uint32Array } = mixtures[0].sample(3, { seed: 1 });
     const criterion: Criterion = 'icl';
     const onProgress = ({ done, total, row }: SelectionProgress) => console.log(done / total, row.bic);
     const choice: SelectModelOptions = { k: [1, 2], covarianceType: ['full', covarianceType], criterion, nInit: 2, onProgress };
     const { best, table }: ModelSelection = await selectModel(dataset, choice);
     const rows: readonly SelectionRow[] = table;
     const by: KMeansCriterion = 'davies-bouldin';
     const onFit = ({ row }: SelectionProgress<KMeansSelectionRow>) => console.log(row.k, row.silhouette?.toFixed(2));
     const tried: SelectKMeansOptions = { model: 'kmeans', k: [2, 3], criterion: by, metric: 'cosine', sampleSize: 99, onProgress: onFit };
     const chosen: KMeansSelection = await selectModel(points, tried);
     const clusters: KMeansModel = (await selectModel(points, { model: 'kmeans', k: [2] })).best;
     const [elbow, score]: (number | null)[] = [chosen.elbow, chosen.table[0].calinskiHarabasz];
     const mixed: ModelSelection = await selectModel(points, { model: 'mixture', k: [1], criterion: 'aic' });
     // @ts-expect-error: a criterion of k-means
     await selectModel(points, { k: [2], criterion: 'silhouette' });
     // @ts-expect-error: a criterion of mixtures
     await selectModel(points, { model: 'kmeans', k: [2], criterion: 'icl' });
     // @ts-expect-error: mixtures have no elbow
     mixed.elbow;
     // @ts-expect-error: no such covariance
     await gaussianMixture(points, { k: 2, covarianceType: 'round' });
     // @ts-expect-error: k is a list
     await selectModel(points, { k: 2 });
     export { atOnce, back, best, densities, drawn, engine, errors, labels, proba, rows, scores, statuses, clusters, elbow, score, halves, tree, line };`,
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
  const examples = [...readme, ...comments].map(({ source }, i) => ({ file: `example-${i}.ts`, source }));
  for (const { file, source } of examples) await write(file, source);
  const files = ['consumer.ts', ...examples.map(({ file }) => file)];
  await write('tsconfig.json', JSON.stringify({ compilerOptions, files }));
  await node([join(modules, compiler, 'bin/tsc'), '-p', '.']);
});

test('publint finds nothing', () => node([join(modules, 'publint/src/cli.js'), 'run', tarball, '--strict']));

/** Kilobytes under gzip, of chunks that are loaded when they are first asked for: the GPU engine, workers, mixtures on either. */
const LATER = {
  // Devices without what kernels count on are refused in words.
  // Register tiles of two heights, loaded by 16 bytes or by 4; slices sorted by a network; spans that follow the budget.
  // Sums that end by subgroups are there beside those by memory.
  'gpu-engine': 27,
  // E-steps of axes are three kernels.
  'gpu-mixture': 13.5,
  'gpu-filter': 6,
  'gpu-tuning': 2.5,
  'cpu-mixture': 9,
  'cpu-estimates': 5,
  'cpu-nearest-centroids': 3,
  'cpu-silhouettes': 3,
  // Workers survey the points that they get, and answer clients.
  'cpu-pool': 20,
  'cpu-relaxed': 10,
};

/** Of a page that uses one name of an entry. */
async function chunksOf(entry: string, name: string): Promise<Rolldown.OutputChunk[]> {
  await write('main.js', `import { ${name} as used } from '${entry}'; globalThis.used = used;`);
  await write('index.html', '<!doctype html><script type="module" src="./main.js"></script>');
  const config = { root: project, configFile: false, logLevel: 'warn' } as const;
  const built = await build({ ...config, build: { target: 'es2022', write: false } });
  return (built as Rolldown.RolldownOutput).output.filter((file) => file.type === 'chunk');
}

const sizeOf = (chunks: readonly Rolldown.OutputChunk[]) =>
  chunks.reduce((sum, { code }) => sum + gzipSync(code).length / 1000, 0);

/** Those that are loaded at once: what a chunk imports is loaded with it. */
function firstOf(chunks: readonly Rolldown.OutputChunk[]): Rolldown.OutputChunk[] {
  const first = new Set(chunks.filter(({ isEntry }) => isEntry));
  for (const { imports } of first) for (const chunk of chunks) if (imports.includes(chunk.fileName)) first.add(chunk);
  return [...first];
}

const withShaders = (chunks: readonly Rolldown.OutputChunk[]) =>
  chunks.filter(({ code }) => code.includes('createShaderModule'));

test.for([
  ['webgpu-clustering/cpu', 'kmeansSync', 36.9],
  ['webgpu-clustering', 'kmeans', 40.9],
  // Models of k-means are a file of their own; EM's starts, labels and rows that revive components may be those of blocks. Starts say
  // so where they have no numbers beside the points.
  ['webgpu-clustering', 'gaussianMixture', 52.6],
] as const)('a page loads little of %s for %s, and the rest when it is asked for', async ([entry, name, kilobytes]) => {
  const chunks = await chunksOf(entry, name);
  expect(sizeOf(firstOf(chunks))).toBeLessThan(kilobytes);
  expect(withShaders(chunks)).toHaveLength(1);
  for (const [later, most] of Object.entries(LATER)) {
    const found = chunks.filter(({ fileName }) => fileName.startsWith(`assets/${later}-`));
    expect(found, later).toHaveLength(1);
    expect(sizeOf(found), later).toBeLessThan(most);
    expect(found[0].isDynamicEntry, later).toBe(true);
  }
});

// They want labels and centroids, and have no models.
test.for([
  ['palette', 'paletteOf', 34],
  ['compat/colorthief', 'quantizer', 34],
  ['compat/ml-kmeans', 'kmeans', 30],
  ['compat/node-vibrant', 'quantizerOf', 34],
  ['compat/skmeans', 'default', 29],
  ['compat/turf-clusters-kmeans', 'clustersKmeans', 34],
] as const)('a page loads little of %s for %s, and no GPU engine at all', async ([entry, name, kilobytes]) => {
  const chunks = await chunksOf(`webgpu-clustering/${entry}`, name);
  expect(sizeOf(firstOf(chunks))).toBeLessThan(kilobytes);
  expect(withShaders(chunks)).toEqual([]);
});

test('a page of a client loads little at once, a model and the script of its worker when it has to', async () => {
  const chunks = await chunksOf('webgpu-clustering/client', 'createWorkerClient');
  expect(sizeOf(chunks.filter(({ isEntry }) => isEntry))).toBeLessThan(9.5);
  expect(chunks.find(({ isEntry }) => isEntry)!.imports).toEqual([]);
  const model = chunks.find(({ fileName }) => fileName.startsWith('assets/clusters-'))!;
  expect(model.isDynamicEntry).toBe(true);
  expect(sizeOf([model, ...chunks.filter(({ fileName }) => model.imports.includes(fileName))])).toBeLessThan(43);
  const script = chunks.find(({ fileName }) => fileName.startsWith('assets/client-script-'))!;
  expect(script.isDynamicEntry).toBe(true);
  // All functions, and both engines; what chooses among variants on a GPU brought a kilobyte, sums by subgroups another, the
  // filter by bytes six, seeding from rows of few features half of one.
  expect(sizeOf([script])).toBeLessThan(161.5);
});

inAll(test)('attw finds nothing', () =>
  node([join(modules, '@arethetypeswrong/cli/dist/index.js'), tarball, '--profile', 'esm-only']),
);

function toJavaScript(source: string): string {
  return ts.transpile(source, { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext });
}

/** What mixtures.js is to fit: of the golden mixtures the longest fits, which pass through the shorter ones. */
function fitsOf(mixtures: readonly GoldenMixture[]) {
  return mixtures
    .filter(({ iterations }) => iterations === ITERATIONS)
    .map(({ name, n, d, k, covarianceType, regularization, start, iterations }) => ({
      name,
      shape: [n, d],
      k,
      covarianceType,
      regularization,
      init: {
        weights: Array.from(start.weights),
        means: Array.from(start.means),
        covariances: Array.from(start.covariances),
      },
      maxIterations: iterations,
      tolerance: 0,
    }));
}

/** What a page prints that runs the source, bundled by Vite. */
async function runInChrome(executablePath: string, source: string): Promise<string[]> {
  const folder = await bundle('vite', project, { 'main.js': source });
  return printed(await served(folder), executablePath, { patience: PATIENCE });
}
