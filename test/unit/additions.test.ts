import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('../additions.mjs', import.meta.url));
const MINUTES = 60_000;

it(
  'a covariance form touches 8 files at most, a metric 5',
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [script, '--all']);
    expect(stdout).toMatch(/a form touches \d files.*a metric touches \d files.*both fit on the CPU/s);
  },
  10 * MINUTES,
);
