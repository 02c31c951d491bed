import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { inlined, kernelsFirst } from '../vite.plugins.ts';
import { offline, threadsFile, threadsOnlyInFile } from './offline/plugin.ts';

// Linux is the one place where a machine without a display is ordinary.
const hasDisplay = process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);

const WORKER_LIBRARIES = [
  'fflate',
  'fzstd',
  'hyparquet',
  'hyparquet/src/column.js',
  'hyparquet/src/datapage.js',
  'hyparquet/src/encoding.js',
  'hyparquet-writer',
  'ml-kmeans',
  'ml-matrix',
  'read-excel-file/universal',
  '@uwdata/flechette',
];

/** Threads share memory then. */
const ISOLATION = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig(({ command }) => {
  const onnx = onnxRuntime(command === 'serve');
  return {
    base: './',
    // `npm run docs` writes the API site there; what is not built is missed, not answered with the page.
    publicDir: '../dist-docs',
    appType: 'mpa',
    plugins: [inlined(), kernelsFirst(), threadsFile(), offline(URL.canParse(onnx) ? new URL(onnx).origin : '')],
    // Examples import the library as anybody does; here that is its source.
    resolve: {
      alias: {
        'webgpu-clustering/palette': at('../src/compat/palette.ts'),
        'webgpu-clustering/compat/turf-clusters-kmeans': at('../src/compat/turf-clusters-kmeans.ts'),
        'webgpu-clustering': at('../src/index.ts'),
        'onnxruntime-web/webgpu': onnx,
      },
    },
    define: {
      __PACKAGE__: aboutPackage(),
      __ONNX_ORIGIN__: JSON.stringify(URL.canParse(onnx) ? new URL(onnx).host : 'this machine'),
    },
    // It looks for its WebAssembly beside itself.
    optimizeDeps: {
      exclude: ['onnxruntime-web/webgpu', onnx],
      // What the page's worker loads on demand: found out only then, it would make the page load anew.
      include: WORKER_LIBRARIES,
    },
    build: {
      outDir: '../dist-demo',
      emptyOutDir: true,
      target: 'es2022',
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: [
          'index.html',
          ...['arrow', 'embeddings', 'map', 'onnx', 'palette', 'streaming'].map(
            (name) => `examples/${name}/index.html`,
          ),
        ].map(at),
      },
    },
    worker: {
      format: 'es',
      plugins: () => [threadsOnlyInFile(), inlined(), threadsFile()],
      // What the worker needs at once in one file, and its engine in another: a dozen small ones take as many turns on a slow line.
      rolldownOptions: {
        output: {
          codeSplitting: {
            groups: [
              { name: 'core', test: /demo.(work.)?worker\.ts/, priority: 1 },
              { name: 'engine', test: /demo.work.engine\.ts/ },
            ],
          },
        },
      },
    },
    server: {
      open: hasDisplay && !process.env.CI,
      // The page imports the library's source and the flights from outside demo/.
      fs: { allow: ['..'] },
      headers: ISOLATION,
    },
    preview: { headers: ISOLATION },
  };
});

/** What the page tells of the package. */
function aboutPackage() {
  const { name, version, license, repository } = JSON.parse(readFileSync(at('../package.json'), 'utf8'));
  const address: string = (typeof repository === 'string' ? repository : repository?.url) ?? '';
  return { name, version, license, repository: address.replace(/^git\+|\.git$/g, '') };
}

/**
 * Where the example loads ONNX Runtime Web from: too large to be installed for the sake of one page. The version that tests
 * run beside, from the network; from the disk where it is there, and the page is not built for others.
 */
function onnxRuntime(isServed: boolean): string {
  const name = 'onnxruntime-web/dist/ort.webgpu.bundle.min.mjs';
  const installed = at(`../test/neighbours/node_modules/${name}`);
  if (isServed && existsSync(installed)) return installed;
  const { packages } = JSON.parse(readFileSync(at('../test/neighbours/package-lock.json'), 'utf8'));
  const { version } = packages['node_modules/onnxruntime-web'];
  return `https://cdn.jsdelivr.net/npm/${name.replace('/', `@${version}/`)}`;
}
