import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { inlined } from '../vite.plugins.ts';

// Linux is the one place where a machine without a display is ordinary.
const hasDisplay = process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  base: './',
  // `npm run docs` writes the API site there; what is not built is missed, not answered with the page.
  publicDir: '../dist-docs',
  appType: 'mpa',
  plugins: [inlined()],
  // Examples import the library as anybody does; here that is its source.
  resolve: { alias: { 'webgpu-clustering': at('../src/index.ts') } },
  build: {
    outDir: '../dist-demo',
    emptyOutDir: true,
    target: 'es2022',
    rolldownOptions: { input: [at('index.html'), at('examples/embeddings/index.html')] },
  },
  worker: { format: 'es', plugins: () => [inlined()] },
  server: {
    open: hasDisplay && !process.env.CI,
    // The page imports the library's source and the flights from outside demo/.
    fs: { allow: ['..'] },
  },
});
