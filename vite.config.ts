import { defineConfig } from 'vite';

/** The library: two entries and what they share, the WGSL inlined. Declarations come from tsc. */
export default defineConfig({
  // Relative to the module, for whatever the library may load beside itself.
  base: './',
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true,
    sourcemap: true,
    minify: false,
    lib: {
      entry: { index: 'src/index.ts', node: 'src/node/index.ts' },
      formats: ['es'],
    },
    rolldownOptions: { external: ['webgpu', /^node:/] },
  },
});
