import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, type InlineConfig, type Plugin, type Rolldown } from 'vite';
import { inlined } from '../../vite.plugins.ts';
import { WEB_PEERS } from './peers/web-peers.ts';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The tests install TensorFlow.js and jax-js there, for whoever has the room. */
const NEIGHBOURS = at('../../test/neighbours/node_modules');
const PEERS = at('peers/web.mjs');

/** The page of the GPU benchmark in one file, and the contenders in JavaScript for Node, where they are installed. */
export function gpuPage(): Plugin {
  return {
    name: 'webgpu-clustering:gpu-page',
    async generateBundle() {
      const scripts = [await scriptOf(at('page.ts'))];
      if (existsSync(NEIGHBOURS)) {
        scripts.unshift(await scriptOf(PEERS));
        // Another build: TensorFlow.js asks Node for modules of its own.
        this.emitFile({ type: 'asset', fileName: WEB_PEERS, source: await scriptOf(PEERS, 'node') });
      }
      const tags = scripts.map(
        (text) => `<script type="module">\n${text.replaceAll('</script', '<\\/script')}\n</script>\n`,
      );
      const page = readFileSync(at('page.html'), 'utf8');
      this.emitFile({
        type: 'asset',
        fileName: 'gpu.html',
        source: page.replace('</html>', () => `${tags.join('')}</html>`),
      });
    },
  };
}

async function scriptOf(entry: string, place: 'page' | 'node' = 'page'): Promise<string> {
  const config: InlineConfig = {
    configFile: false,
    logLevel: 'error',
    plugins: [inlined()],
    resolve: { alias: [{ find: /^(@tensorflow|@jax-js)\//, replacement: `${NEIGHBOURS}/$1/` }] },
  };
  const common = {
    write: false,
    target: 'es2022',
    minify: true,
    rolldownOptions: { output: { codeSplitting: false } },
  };
  const outputs = await build(
    place === 'page'
      ? { ...config, build: { ...common, lib: { entry, formats: ['es'] } } }
      : { ...config, ssr: { noExternal: true, external: ['node-fetch'] }, build: { ...common, ssr: entry } },
  );
  const [{ output }] = [outputs].flat() as Rolldown.RolldownOutput[];
  return output[0].code;
}
