/** The states that kernels and TypeScript share. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

it.each(['kmeans', 'mixture'])(
  'fields of the state of %s lie one behind the other, and all of them in it',
  async (name) => {
    const source = await readFile(new URL(`../../src/cpu/kernels/${name}/layout.ts`, import.meta.url), 'utf8');
    const state = source.slice(source.indexOf('const ROWS:'), source.indexOf('const STATE_BYTES:'));
    const offsets = Array.from(state.matchAll(/const \w+: usize = (\d+);/g), ([, offset]) => Number(offset));
    const bytes = Number(source.match(/const STATE_BYTES: usize = (\d+);/)?.[1]);
    expect(offsets.length).toBeGreaterThan(20);
    [...offsets, bytes].reduce((before, offset) => {
      expect(offset % 4).toBe(0);
      expect(offset).toBeGreaterThan(before);
      return offset;
    }, -4);
  },
);
