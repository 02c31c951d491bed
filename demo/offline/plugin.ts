/** What makes the built page strict, and what lets it open without a network and be installed. */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { HtmlTagDescriptor, Plugin, Rolldown } from 'vite';
import { bundle, THREAD } from '../../vite.plugins.ts';
import { MAIN, policyOf } from './policy.ts';
import type { Built } from './service-worker.ts';
import { shellOf } from './shell.ts';

const MANIFEST = 'manifest.webmanifest';
const ICON = 'icon.svg';

const DOTS = [
  [5, 5, 4, '#0072b2'],
  [11, 7, 3, '#e08700'],
  [7, 12, 3, '#009e73'],
];

/** With a ground and a margin: systems cut their icons to shapes of their own. */
function icon(): string {
  const circles = DOTS.map(([x, y, radius, fill]) => `<circle cx="${x}" cy="${y}" r="${radius}" fill="${fill}"/>`);
  const ground = '<rect x="-5" y="-5" width="26" height="26" fill="#f5f6f8"/>';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-5 -5 26 26">${ground}${circles.join('')}</svg>\n`;
}

function manifest(): string {
  const described = {
    id: './',
    start_url: './',
    scope: './',
    name: 'webgpu-clustering: clusters in your own data',
    short_name: 'Clusters',
    description: 'Finds clusters in your data, in your browser. Nothing is uploaded.',
    display: 'standalone',
    theme_color: '#f5f6f8',
    background_color: '#f5f6f8',
    icons: [{ src: `./${ICON}`, sizes: 'any', type: 'image/svg+xml', purpose: 'any maskable' }],
  };
  return `${JSON.stringify(described, null, 2)}\n`;
}

/** @param onnx origin that one of the examples loads ONNX Runtime Web from */
export function offline(onnx: string): Plugin {
  return {
    name: 'webgpu-clustering:offline',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(_, { path, bundle = {} }): HtmlTagDescriptor[] {
        const page = path.replace(/^\//, '');
        const attrs = { 'http-equiv': 'Content-Security-Policy', content: policyOf(page, onnx) };
        const policy: HtmlTagDescriptor = { tag: 'meta', attrs, injectTo: 'head-prepend' };
        const link: HtmlTagDescriptor = {
          tag: 'link',
          attrs: { rel: 'manifest', href: `./${MANIFEST}` },
          injectTo: 'head',
        };
        if (page !== MAIN) return [policy];
        return [policy, link, workersScript(Object.keys(bundle))];
      },
    },
    generateBundle: {
      order: 'post',
      async handler(_, files) {
        this.emitFile({ type: 'asset', fileName: MANIFEST, source: manifest() });
        this.emitFile({ type: 'asset', fileName: ICON, source: icon() });
        const built = JSON.stringify(builtOf(Object.values(files), policyOf(MAIN, onnx)));
        const { text } = await bundle(at('service-worker.ts'), { __BUILT__: built });
        this.emitFile({ type: 'asset', fileName: 'service-worker.js', source: text });
      },
    },
  };
}

/** The worker is wanted as soon as the page's own scripts have run: its script comes with them. */
function workersScript(files: readonly string[]): HtmlTagDescriptor {
  const [file, ...others] = files.filter((name) => /^assets\/worker-[^/]*\.js$/.test(name));
  if (file === undefined || others.length > 0)
    throw new Error(`${1 + others.length} files may be the worker: ${files}`);
  return { tag: 'link', attrs: { rel: 'modulepreload', crossorigin: true, href: `./${file}` }, injectTo: 'head' };
}

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

function builtOf(files: readonly (Rolldown.OutputAsset | Rolldown.OutputChunk)[], policy: string): Built {
  const textOf = (file: (typeof files)[number]) => (file.type === 'chunk' ? file.code : String(file.source));
  const page = files.find(({ fileName }) => fileName === MAIN);
  if (page === undefined) throw new Error(`no ${MAIN} was built`);
  const scripts = files.filter(({ fileName }) => fileName.endsWith('.js'));
  const shell = shellOf(textOf(page), new Map(scripts.map((script) => [script.fileName, textOf(script)])));
  const hashed = files.map(({ fileName }) => fileName).filter((name) => name.startsWith('assets/'));
  // What has no hash of its own, and the names of what has one.
  const content = [policy, textOf(page), manifest(), icon(), ...hashed.sort()].join('\n');
  const version = createHash('sha256').update(content).digest('hex').slice(0, 12);
  return { version, policy, shell: [...shell, ICON], hashed };
}

/**
 * The script of the library's threads as a file: `import url from '…/start.ts?file'`. Where pages are served from their sources
 * there is no policy that forbids blobs.
 */
export function threadsFile(): Plugin {
  let isBuilt = false;
  return {
    name: 'webgpu-clustering:threads-file',
    enforce: 'pre',
    configResolved({ command }) {
      isBuilt = command === 'build';
    },
    async load(id) {
      if (id !== `${THREAD}?file`) return null;
      const { text, sources } = await bundle(THREAD);
      for (const source of sources) this.addWatchFile(source);
      if (!isBuilt)
        return `export default URL.createObjectURL(new Blob([${JSON.stringify(text)}], { type: 'text/javascript' }));`;
      const file = this.emitFile({ type: 'asset', name: 'threads.js', source: text });
      return `export default import.meta.ROLLUP_FILE_URL_${file};`;
    },
  };
}

/**
 * For the page's own worker, which has its threads as a file: what is inlined for engines that were not told where it is loads
 * that file, and is not a second copy of it.
 */
export function threadsOnlyInFile(): Plugin {
  return {
    name: 'webgpu-clustering:threads-only-in-file',
    enforce: 'pre',
    load(id) {
      if (id !== `${THREAD}?bundle`) return null;
      return `import file from ${JSON.stringify(`${THREAD}?file`)};
        export default 'importScripts(' + JSON.stringify(file) + ')';`;
    },
  };
}
