import { existsSync } from 'node:fs';

const modules = new URL('node_modules/.package-lock.json', import.meta.url);

/** Whether the packages of this folder are there, which `npm run test:all` installs. */
export function isInstalled(): boolean {
  return existsSync(modules);
}

export const HOW_TO_INSTALL = 'no neighbours: npm ci --ignore-scripts --prefix test/neighbours';
