import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { KMEANS } from '../../src/cpu/families/kmeans.ts';
import { MIXTURE } from '../../src/cpu/families/mixture.ts';
import { NEAREST } from '../../src/cpu/families/nearest.ts';
import { fromPrintable, toPrintable } from '../../src/cpu/printable.ts';
import { instantiate } from '../../src/cpu/wasm.ts';
import { inlined, shortened } from '../../vite.plugins.ts';

it.each(['kmeans', 'mixture'])(
  'a server compiles the kernels of %s anew when any of their files changes',
  async (name) => {
    const kernels = fileURLToPath(new URL(`../../src/cpu/kernels/${name}`, import.meta.url));
    const watched: string[] = [];
    const { load } = inlined() as { load(this: { addWatchFile(path: string): void }, id: string): Promise<string> };
    await load.call({ addWatchFile: (path) => void watched.push(path) }, join(kernels, 'index.ts?wasm'));
    const files = (await readdir(kernels)).filter((name) => name.endsWith('.ts'));
    // What is compiled is kept for all files of kernels together.
    expect(watched).toEqual(expect.arrayContaining(files.map((name) => join(kernels, name))));
  },
);

describe('bytes in a string', () => {
  const all = Uint8Array.from({ length: 3 * 256 }, (_, i) => (i * 31) ^ (i >> 8));

  it('come back', () => {
    expect(fromPrintable(toPrintable(all))).toEqual(all);
  });

  it('are characters that any encoding of a page keeps', () => {
    expect(toPrintable(all)).toMatch(/^[#-~]+$/);
  });
});

it.each([KMEANS, MIXTURE, NEAREST])('kernels of $name leave a memory that is in use as it is', ({ kernels }) => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 ** 16 });
  new Uint8Array(memory.buffer).fill(7);
  instantiate(kernels(false)!, memory);
  expect(new Uint8Array(memory.buffer).every((byte) => byte === 7)).toBe(true);
});

it('WGSL is published without comments and without the blanks that nothing needs', () => {
  const written = `
    // What it is.
    const N: u32 = 4u; // four

    fn f(p: ptr<function, f32>, a: array<f32, N>) -> f32 {
      let x = a[0] / *p - -1.0;
      return x * *p + 2.0;
    }
  `;
  expect(shortened(written)).toBe(
    'const N:u32=4u;fn f(p:ptr<function,f32>,a:array<f32,N>)-> f32{let x=a[0]/ *p - -1.0;return x**p+2.0;}',
  );
});
