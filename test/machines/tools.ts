/** Dask and Redis: where they are, how they come there, and ports for them. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { aptInstall, isDebian, onPath } from '../system.ts';

export const HOW_TO_INSTALL = 'no Dask or no Redis: apt-get install python3-distributed redis-server iproute2';

/** A Python that has Dask: the system's own may be another than the first on the PATH. */
export function findPython(): string | null {
  const candidates = [onPath(['python3']), '/usr/bin/python3'].filter((path) => path !== null);
  return candidates.find((python) => spawnSync(python, ['-c', 'import distributed']).status === 0) ?? null;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

export function findRedis(): string | null {
  return onPath(['redis-server']);
}

/** Installs what is missing, where that can be done. */
export function fetchTools(): void {
  if (findPython() !== null && findRedis() !== null && onPath(['ip']) !== null) return;
  if (process.getuid?.() === 0 && isDebian()) aptInstall('python3-distributed', 'redis-server', 'iproute2');
}
