/** Memory of the process that shows a page. */
import { readFileSync } from 'node:fs';
import type { Browser } from 'puppeteer';

/** Resident bytes of the largest renderer, at present and at its most; null where the system does not tell. */
export async function rendererMemory(browser: Browser): Promise<{ now: number; peak: number } | null> {
  if (process.platform !== 'linux') return null;
  const session = await browser.target().createCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => memoryOf(id));
  return renderers.reduce((largest, memory) => (memory.peak > largest.peak ? memory : largest), { now: 0, peak: 0 });
}

function memoryOf(id: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${id}/status`, 'utf8');
  const bytes = (name: string) => 1024 * Number(status.match(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm'))?.[1] ?? 0);
  return { now: bytes('VmRSS'), peak: bytes('VmHWM') };
}
