/** Those that do the same on the GPU, in Node: each is opened, or it is told why not. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { within } from '../../measure.ts';
import type { GpuContender } from '../contender.ts';
import { OPENING_MS } from '../suite.ts';
import { openSplat } from './splat.ts';
import { openTorch } from './torch.ts';
import { HOW_TO_INSTALL, WEB_PEERS } from './web-peers.ts';

/** What `web.mjs` leaves behind it. */
export type WebPeers = Readonly<Record<'tfjs' | 'jax-js', () => Promise<GpuContender>>>;

const OPENERS: Readonly<Record<string, () => GpuContender | Promise<GpuContender>>> = {
  'splat-transform': openSplat,
  tfjs: () => fromWeb('tfjs'),
  'jax-js': () => fromWeb('jax-js'),
  PyTorch: openTorch,
};

export async function openPeers(): Promise<{ readonly peers: GpuContender[]; readonly missing: string[] }> {
  const peers: GpuContender[] = [];
  const missing: string[] = [];
  for (const [name, open] of Object.entries(OPENERS)) {
    try {
      peers.push(await within(OPENING_MS, open()));
    } catch (error) {
      missing.push(`${name}: ${(error as Error).message}`);
    }
  }
  return { peers, missing };
}

/** They look for `navigator.gpu`, which is Dawn's here. */
async function fromWeb(name: keyof WebPeers): Promise<GpuContender> {
  const path = join(dirname(fileURLToPath(import.meta.url)), WEB_PEERS);
  if (!existsSync(path)) throw new Error(HOW_TO_INSTALL);
  await import(/* @vite-ignore */ pathToFileURL(path).href);
  return (globalThis as unknown as { openGpuPeers: WebPeers }).openGpuPeers[name]();
}
