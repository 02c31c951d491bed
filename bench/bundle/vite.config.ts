import { defineConfig } from 'vite';
import { inlined } from '../../vite.plugins.ts';

/** The conformance suite in one file for Node, all packages inside but `webgpu`. */
export default defineConfig({
  logLevel: 'error',
  plugins: [inlined()],
  ssr: { noExternal: true, external: ['webgpu'] },
  build: {
    target: 'es2022',
    // The library and the benchmark lie there already.
    emptyOutDir: false,
    rolldownOptions: { output: { codeSplitting: false, entryFileNames: 'conformance.js' } },
  },
});
