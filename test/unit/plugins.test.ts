import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { inlined } from '../../vite.plugins.ts';

it('a server compiles the kernels anew when any of their files changes', async () => {
  const kernels = fileURLToPath(new URL('../../src/cpu/kernels', import.meta.url));
  const watched: string[] = [];
  const { load } = inlined() as { load(this: { addWatchFile(path: string): void }, id: string): Promise<string> };
  await load.call({ addWatchFile: (path) => void watched.push(path) }, join(kernels, 'index.ts?wasm'));
  const files = (await readdir(kernels)).filter((name) => name.endsWith('.ts'));
  expect(watched.sort()).toEqual(files.map((name) => join(kernels, name)).sort());
});
