/** What the library's source needs of a bundler: its WGSL, its WebAssembly and its worker, as strings. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { build, type Plugin, type Rolldown } from 'vite';
import { toPrintable } from './src/cpu/printable.ts';

/**
 * Both in one, for every configuration that builds or serves `src`.
 *
 * @param wgsl `'written'`: as people wrote it
 */
export function inlined(wgsl: 'short' | 'written' = 'short'): Plugin {
  return {
    name: 'webgpu-clustering:inlined',
    enforce: 'pre',
    async load(id) {
      const [path, query] = id.split('?');
      if (query === 'raw' && path.endsWith('.wgsl')) {
        this.addWatchFile(path);
        const text = await readFile(path, 'utf8');
        return `export default ${JSON.stringify(wgsl === 'written' ? text : shortened(text))};`;
      }
      const isRelaxed = query === 'wasm&relaxed';
      if (query !== 'wasm' && query !== 'bundle' && !isRelaxed) return null;
      const { text, sources } = query === 'bundle' ? await bundle(path) : await compileKernels(path, isRelaxed);
      for (const source of sources) this.addWatchFile(source);
      return `export default ${JSON.stringify(text)};`;
    },
  };
}

/** Compiles what k-means needs as soon as there is a server: the browser has to start meanwhile. */
export function kernelsFirst(): Plugin {
  return {
    name: 'webgpu-clustering:kernels-first',
    configureServer() {
      // Whoever asks for them hears what is wrong.
      compileAll(['kmeans', 'seeding', 'arrivals', 'nearest']).catch(() => undefined);
    },
  };
}

/**
 * Compiles kernels, so that nobody has to wait for them: behind `npm install` all there are.
 *
 * @public
 */
export async function compileAll(families?: readonly string[]): Promise<void> {
  for (const name of families ?? (await readdir(KERNELS)).filter((name) => !name.includes('.'))) {
    await compileKernels(join(KERNELS, name, 'index.ts'), false);
  }
  if (families === undefined) await compileKernels(join(KERNELS, 'kmeans/relaxed.ts'), true);
}

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const WORKER = at('src/worker/index.ts');
export const THREAD = at('src/cpu/threads/start.ts');

/** What clients have of the library's files: classes, which callers tell by `instanceof`. */
const SHARED: ReadonlyMap<string, string> = new Map([
  [at('src/errors.ts'), './errors.js'],
  [at('src/models/kmeans-model.ts'), './clusters.js'],
  [at('src/models/gaussian-mixture-model.ts'), './mixtures.js'],
]);

/**
 * The workers' script as a file beside the library, for pages that forbid workers from blobs, and the client, which has it
 * inlined. That is a bundle of its own: what it takes of the ground lies in one file with all that k-means needs, of which
 * bundlers take all or nothing for a page that loads a part of it on demand.
 */
export function workerFiles(): Plugin {
  return {
    name: 'webgpu-clustering:workers',
    async generateBundle() {
      const { text } = await bundle(WORKER);
      this.emitFile({ type: 'asset', fileName: 'worker.js', source: text });
      // It has no exports.
      this.emitFile({ type: 'asset', fileName: 'worker.d.ts', source: 'export {};\n' });
      for (const { fileName, code } of await bundleClient(text)) {
        this.emitFile({ type: 'asset', fileName, source: code });
      }
    },
    configureServer({ middlewares, watcher }) {
      // Before anybody asks: a page does not wait long for its threads. As a server of the sources' tests it has these alone.
      let bundled: Promise<Inlined> | null = bundle(THREAD);
      bundled.catch(() => undefined);
      watcher.on('change', () => {
        bundled = null;
      });
      middlewares.use('/worker.js', async (_, response) => {
        response.setHeader('Content-Type', 'text/javascript');
        bundled ??= bundle(THREAD);
        response.end((await bundled).text);
      });
    },
  };
}

async function bundleClient(script: string): Promise<Rolldown.OutputChunk[]> {
  const parts: Plugin = {
    name: 'webgpu-clustering:parts-of-the-client',
    enforce: 'pre',
    async resolveId(source, importer) {
      const resolved = await this.resolve(source, importer, { skipSelf: true });
      const id = resolved === null ? undefined : SHARED.get(resolved.id);
      return id === undefined ? resolved : { id, external: true };
    },
    load: (id) => (id === `${WORKER}?bundle` ? `export default ${JSON.stringify(script)};` : null),
  };
  const [{ output }] = (await build({
    configFile: false,
    logLevel: 'error',
    plugins: [parts],
    build: {
      ...{ write: false, target: 'es2022', minify: false },
      lib: { entry: { client: at('src/client/index.ts') }, formats: ['es'] },
      rolldownOptions: { output: { chunkFileNames: 'client-[name].js' } },
    },
  })) as Rolldown.RolldownOutput[];
  return output.filter((file) => file.type === 'chunk');
}

/**
 * A folder that is the package skmeans to whoever resolves it by that name, as turf does: for `overrides` of npm. Both of its
 * modules are in words of the installed library.
 */
export function skmeansFolder(): Plugin {
  const stated = {
    name: 'skmeans',
    version: '0.11.3',
    description: 'skmeans, on the CPU engine of webgpu-clustering',
    license: 'MIT',
    type: 'module',
    main: './index.cjs',
    module: './index.js',
    peerDependencies: { 'webgpu-clustering': '*' },
  };
  const files = {
    'package.json': `${JSON.stringify(stated, null, 2)}\n`,
    'index.js': "export { default } from 'webgpu-clustering/compat/skmeans';\n",
    'index.cjs': "module.exports = require('webgpu-clustering/compat/skmeans').default;\n",
  };
  return {
    name: 'webgpu-clustering:skmeans',
    generateBundle() {
      for (const [name, source] of Object.entries(files)) {
        this.emitFile({ type: 'asset', fileName: `compat/skmeans/${name}`, source });
      }
    },
  };
}

/** The Python module that drives shards on a Dask cluster, as it is in the source. */
export function daskModule(): Plugin {
  const name = 'dask/webgpu_clustering_dask.py';
  return {
    name: 'webgpu-clustering:dask',
    async generateBundle() {
      this.emitFile({ type: 'asset', fileName: name, source: await readFile(at(`src/${name}`), 'utf8') });
    },
  };
}

/** WGSL without what only people read: more than a third of what a page would load. */
export function shortened(wgsl: string): string {
  const lines = wgsl.split('\n').map((line) => line.replace(/\/\/.*/, '').trim());
  const code = lines.filter((line) => line !== '').join('\n');
  // A slash and a star would begin a comment; signs that mean something else twice are left alone.
  return code.replace(/(?<!\/)\s*([{}()[\],;:=*+%])\s*/g, '$1');
}

interface Inlined {
  readonly text: string;
  readonly sources: readonly string[];
}

const SIMD = [
  '--enable',
  'simd',
  '--runtime',
  'stub',
  '--noAssert',
  '--importMemory',
  '--sharedMemory',
  '--enable',
  'threads',
];
const RELAXED = ['--enable', 'relaxed-simd'];
const PAGES = ['--initialMemory', '1', '--maximumMemory', '65536'];

/**
 * AssemblyScript's compiler in a thread of its own: a server goes on meanwhile, and what the compiler has learnt by the first
 * module makes the next ones faster.
 */
class Compiler {
  readonly #thread = new Worker(
    `const { parentPort } = require('node:worker_threads');
    const compiler = import(${JSON.stringify(pathToFileURL(at('node_modules/assemblyscript/dist/asc.js')))});
    let turn = Promise.resolve();
    parentPort.on('message', ({ id, args }) => {
      turn = turn.then(async () => {
        let binary = null;
        const writeFile = (_, contents) => { binary = contents; };
        const { error, stderr } = await (await compiler).main(args, { writeFile });
        parentPort.postMessage({ id, binary, trouble: error && error.message + '\\n' + stderr });
      });
    });`,
    { eval: true },
  );
  readonly #waiting = new Map<number, { resolve(compiled: Compiled): void; reject(error: Error): void }>();
  #last = 0;

  constructor() {
    this.#thread.unref();
    this.#thread.on('message', (compiled: Compiled) => {
      this.#waiting.get(compiled.id)?.resolve(compiled);
      this.#waiting.delete(compiled.id);
      if (this.#waiting.size === 0) this.#thread.unref();
    });
    // As where there is no compiler.
    this.#thread.on('error', (error) => {
      for (const { reject } of this.#waiting.values()) reject(error);
      compiler = null;
    });
  }

  async compile(args: readonly string[]): Promise<Uint8Array> {
    const id = ++this.#last;
    // Nobody ends before it has answered.
    this.#thread.ref();
    const { binary, trouble } = await new Promise<Compiled>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#thread.postMessage({ id, args });
    });
    if (trouble !== null || binary === null) throw new Error(`${args[0]}: ${trouble}`);
    return binary;
  }
}

interface Compiled {
  readonly id: number;
  readonly binary: Uint8Array | null;
  readonly trouble: string | null;
}

let compiler: Compiler | null = null;

/** What was compiled before lies here, by a hash of all that it was made of. */
const CACHE = at('node_modules/.cache/webgpu-clustering');
const KERNELS = at('src/cpu/kernels');

/** AssemblyScript to a string. */
async function compileKernels(entry: string, isRelaxed: boolean): Promise<Inlined> {
  const options = ['-O3', ...SIMD, ...(isRelaxed ? RELAXED : []), ...PAGES];
  // The entry imports its neighbours, and theirs.
  const names = (await readdir(KERNELS, { recursive: true })).filter((name) => name.endsWith('.ts')).sort();
  const sources = names.map((name) => join(KERNELS, name));
  const hash = createHash('sha256').update(JSON.stringify([relative(KERNELS, entry), options]));
  for (const path of [at('node_modules/assemblyscript/package.json'), ...sources]) hash.update(await readFile(path));
  const cached = join(CACHE, hash.digest('hex'));
  const known = await readFile(cached, 'utf8').catch(() => null);
  if (known !== null) return { text: known, sources };
  let text = compiling.get(cached);
  if (text === undefined) {
    text = compiled([entry, '--outFile', 'kernels.wasm', ...options], cached).finally(() => compiling.delete(cached));
    compiling.set(cached, text);
  }
  return { text: await text, sources };
}

/** By where they will be kept. */
const compiling = new Map<string, Promise<string>>();

async function compiled(args: readonly string[], cached: string): Promise<string> {
  compiler ??= new Compiler();
  const text = toPrintable(await compiler.compile(args));
  await keep(cached, text);
  return text;
}

/** For the next time, if it can be: in one stroke, as others may read it meanwhile. */
async function keep(path: string, text: string): Promise<void> {
  const half = `${path}.${process.pid}`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(half, text);
    await rename(half, path);
  } catch {
    // It is compiled again then.
  }
}

/** In place of kernels where none are used: threads get them from those who started them. */
const UNUSED = 'kernels that nobody uses';
const withoutKernels: Plugin = {
  name: 'webgpu-clustering:without-kernels',
  enforce: 'pre',
  load: (id) => (/\?wasm\b/.test(id) ? `export default ${JSON.stringify(UNUSED)};` : null),
};

/** A module and all that it imports, as one classic script. */
export async function bundle(entry: string, define: Readonly<Record<string, string>> = {}): Promise<Inlined> {
  const [{ output }] = (await build({
    configFile: false,
    logLevel: 'error',
    // To wait until they are compiled would be in vain.
    plugins: entry === THREAD ? [withoutKernels, inlined()] : [inlined()],
    define,
    build: { write: false, target: 'es2022', minify: true, lib: { entry, formats: ['iife'], name: 'worker' } },
  })) as Rolldown.RolldownOutput[];
  const chunk = output[0];
  if (chunk.code.includes(UNUSED)) throw new Error(`${entry} uses kernels`);
  return { text: chunk.code, sources: chunk.moduleIds };
}
