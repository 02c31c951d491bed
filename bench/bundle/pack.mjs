/**
 * Packs what a bare machine needs to run the conformance suite and the GPU benchmark: x86-64 Linux with a Vulkan driver, no
 * network, nothing installed. `node bench/bundle/pack.mjs [OUT.tar.gz]`
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = resolve(HERE, '../..');
const MOST_BYTES = 60 * 2 ** 20;
const SPLAT = join(ROOT, 'bench/.splat/node_modules');

if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('pack on x86-64 Linux: its Node is packed');
const archive = resolve(process.argv[2] ?? 'webgpu-clustering-bundle.tar.gz');
const parent = mkdtempSync(join(tmpdir(), 'bundle-'));
const folder = join(parent, 'webgpu-clustering');
mkdirSync(folder);
try {
  const vite = join(ROOT, 'node_modules/vite/bin/vite.js');
  const outputs = { dist: [], bench: ['bench'] };
  for (const [name, where] of Object.entries(outputs)) {
    const out = ['--outDir', join(folder, name), '--logLevel', 'error'];
    execFileSync(process.execPath, [vite, 'build', ...where, ...out], { cwd: ROOT, stdio: 'inherit' });
  }
  await build({
    root: ROOT,
    configFile: join(HERE, 'vite.config.ts'),
    build: { ssr: join(HERE, 'conformance.ts'), outDir: folder },
  });
  for (const name of ['run.sh', 'run.mjs', 'package.mjs']) cpSync(join(HERE, name), join(folder, name));
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  copyDawn(join(folder, 'node_modules/webgpu'));
  copyLoader(join(folder, 'lib'));
  const node = copySplat() ?? process.execPath;
  cpSync(node, join(folder, 'node'), { dereference: true });
  chmodSync(join(folder, 'node'), 0o755);
  execFileSync('tar', ['-I', 'gzip -9', '-cf', archive, '-C', parent, 'webgpu-clustering']);
} finally {
  rmSync(parent, { recursive: true });
}
const bytes = statSync(archive).size;
console.log(`${archive}: ${(bytes / 2 ** 20).toFixed(1)} MiB`);
if (bytes > MOST_BYTES) throw new Error('more than 60 MiB');

function copyDawn(to) {
  const from = join(ROOT, 'node_modules/webgpu');
  for (const name of ['package.json', 'index.js', 'dist/linux-x64/dawn.node']) cpSync(join(from, name), join(to, name));
}

/** For machines that have a driver and no loader. */
function copyLoader(to) {
  const listed = execFileSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' });
  const path = /libvulkan\.so\.1 .*x86-64.*=> (.*)/.exec(listed)?.[1];
  if (path === undefined) throw new Error('no libvulkan.so.1 here to bring along: apt-get install libvulkan1');
  cpSync(path, join(to, 'libvulkan.so.1'), { dereference: true });
}

/** @returns {string | null} the Node that it asks for, where it is installed */
function copySplat() {
  const home = join(SPLAT, '@playcanvas/splat-transform');
  if (!existsSync(home)) {
    console.log('without splat-transform: see bench/README.md');
    return null;
  }
  const to = join(folder, '.splat/node_modules/@playcanvas/splat-transform');
  for (const name of ['package.json', 'dist/cli.mjs']) cpSync(join(home, name), join(to, name));
  const { bin } = JSON.parse(readFileSync(join(SPLAT, 'node/package.json'), 'utf8'));
  const node = join(SPLAT, 'node', typeof bin === 'string' ? bin : bin.node);
  return existsSync(node) ? node : null;
}
