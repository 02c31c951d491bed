import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { inlined } from '../../vite.plugins.ts';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The page in which neighbours lend their devices: bundled, since not all of them are modules that a browser can load. */
export default defineConfig({
  root: at('page'),
  base: './',
  appType: 'mpa',
  logLevel: 'error',
  plugins: [inlined()],
  resolve: { alias: { 'webgpu-clustering': at('../../src/index.ts') } },
  build: {
    outDir: at('dist/page'),
    emptyOutDir: true,
    target: 'es2022',
    minify: false,
    chunkSizeWarningLimit: Infinity,
  },
  worker: { format: 'es', plugins: () => [inlined()] },
});
