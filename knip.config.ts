import type { KnipConfig } from 'knip';

/** What nothing imports, files and shaders included, and what is installed for nothing. */
export default {
  // What stands in for a package exports as it does, by name and as the default.
  exclude: ['duplicates'],
  entry: [
    'src/{index,sync,node/index,client/index,worker/index,machines/bin,bullmq/index}.ts',
    'src/compat/{palette,colorthief,ml-kmeans,node-vibrant,skmeans,turf-clusters-kmeans}.ts',
    // What HTML, Python, Vite's runner or an installed package names.
    'demo/examples/*/node.mjs',
    'demo/offline/service-worker.ts',
    'bench/main.ts',
    // Scripts of their own, which bench/gpu bundles or hands to a process.
    'bench/gpu/peers/{web,splat-driver}.mjs',
    'bench/static/{table,dawn-compile}.mjs',
    'bench/bundle/{pack,run,package}.mjs',
    'bench/bundle/conformance.ts',
    'test/browsers.ts',
    'test/conformance/page.ts',
    'test/golden/flights.mjs',
    'test/machines/{machines.setup,tools}.ts',
    'test/neighbours/page/main.ts',
    'test/package/mixtures.js',
    '.puppeteerrc.cjs',
  ],
  // The kernels are AssemblyScript, which are compiled from their index.
  project: [
    '{src,test,bench,demo,data}/**/*.{ts,tsx,mjs,js}',
    '*.{ts,mjs,cjs}',
    'shaders/**/*.wgsl',
    '!src/cpu/kernels/**',
  ],
  vite: { config: ['vite.config.ts', '{demo,bench,bench/bundle}/vite.config.ts'] },
  compilers: { wgsl: () => '' },
  // Types that a signature names may be exported beside it.
  ignoreExportsUsedInFile: { interface: true, type: true },
  // NVIDIA's compiler and disassembler, for bench/static; networks for test/machines.
  ignoreBinaries: ['nvcc', 'nvdisasm', 'ip'],
  ignoreDependencies: [
    // test/neighbours/package.json has them.
    /^@(jax-js|luma\.gl|tensorflow|duckdb)\//,
    'onnxruntime-web',
    // Run by test/package as commands.
    '@arethetypeswrong/cli',
    'publint',
    'typescript-7',
    // vite.plugins.ts imports it by a name that TypeScript must not follow.
    'assemblyscript',
    // test/browser/page.test.ts runs its file in the page.
    'axe-core',
    // gaussian-mixture-model needs it and does not say so.
    'cholesky-tools',
  ],
} satisfies KnipConfig;
