/** The library as it is published, beside what it may load: processes run it. */
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { DIST } from './shards.ts';

export default async function setup(): Promise<void> {
  const configFile = fileURLToPath(new URL('../../vite.config.ts', import.meta.url));
  await build({ configFile, logLevel: 'warn', build: { outDir: DIST } });
}
