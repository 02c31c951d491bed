import { readFileSync } from 'node:fs';
import { defineConfig } from 'vite';
import { inlined } from '../vite.plugins.ts';
import { gpuPage } from './gpu/vite.plugin.ts';

/** What a result names the version of. */
const PACKAGES = [
  '@turf/clusters-kmeans',
  'colorthief',
  'gaussian-mixture-model',
  'ml-kmeans',
  'node-vibrant',
  'skmeans',
  'webgpu',
];

function versionIn(folder: string): string {
  return JSON.parse(readFileSync(new URL(`${folder}/package.json`, import.meta.url), 'utf8')).version;
}

const versions = {
  'webgpu-clustering': versionIn('..'),
  ...Object.fromEntries(PACKAGES.map((name) => [name, versionIn(`../node_modules/${name}`)])),
};

/**
 * The benchmarks in one file for Node, library and peers inside: it runs wherever the package `webgpu` is beside it. Only
 * what launches Chrome is a file of its own.
 */
export default defineConfig({
  // `bench -- kernels` writes the WGSL for people.
  plugins: [inlined('written'), gpuPage()],
  define: { __VERSIONS__: JSON.stringify(versions) },
  build: {
    target: 'es2022',
    outDir: '../dist-bench',
    emptyOutDir: true,
    minify: false,
    lib: { entry: 'main.ts', formats: ['es'], fileName: 'bench' },
    rolldownOptions: {
      external: ['webgpu', 'puppeteer', '@puppeteer/browsers', 'node-vibrant/node', /^node:/],
      // That compiling the kernels takes most of the time is no news.
      checks: { pluginTimings: false },
    },
  },
});
