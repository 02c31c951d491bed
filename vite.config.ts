import { defineConfig } from 'vite';
import { daskModule, inlined, skmeansFolder, workerFiles } from './vite.plugins.ts';

/** The library: its entries and what they share; shaders, kernels and the worker are inlined. Declarations come from tsc. */
export default defineConfig({
  // Relative to the module, for whatever the library may load beside itself.
  base: './',
  plugins: [inlined(), workerFiles(), skmeansFolder(), daskModule()],
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true,
    sourcemap: true,
    minify: false,
    lib: {
      entry: {
        index: 'src/index.ts',
        cpu: 'src/sync.ts',
        node: 'src/node/index.ts',
        bin: 'src/machines/bin.ts',
        bullmq: 'src/bullmq/index.ts',
        palette: 'src/compat/palette.ts',
        'compat/colorthief': 'src/compat/colorthief.ts',
        'compat/ml-kmeans': 'src/compat/ml-kmeans.ts',
        'compat/node-vibrant': 'src/compat/node-vibrant.ts',
        'compat/skmeans': 'src/compat/skmeans.ts',
        'compat/turf-clusters-kmeans': 'src/compat/turf-clusters-kmeans.ts',
        // In a file of its own, so that bundlers leave mixtures away where only k-means is imported.
        kmeans: 'src/api/kmeans.ts',
        // What is loaded on demand too: as files of their own these need no object of all that they export.
        defaults: 'src/defaults.ts',
        mixtures: 'src/models/gaussian-mixture-model.ts',
        // What clients share with the rest.
        clusters: 'src/models/kmeans-model.ts',
        errors: 'src/errors.ts',
      },
      formats: ['es'],
    },
    rolldownOptions: {
      external: ['bullmq', 'hyparquet', 'hyparquet-compressors', 'ioredis', 'webgpu', /^node:/],
      output: {
        // Two are called mixture.
        chunkFileNames: ({ facadeModuleId }) => `${facadeModuleId?.match(/src.([cg]pu)/)?.[1] ?? 'shared'}-[name].js`,
        // What k-means on the CPU needs, in one file: bundlers that keep modules apart make one chunk of it, not six.
        codeSplitting: { groups: [{ name: 'core', test: /src.api.kmeans-here/ }] },
      },
    },
  },
});
