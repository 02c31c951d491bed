/** Lloyd's iterations over a file that is read block by block: memory and rate, beside those of a fit in memory. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { open, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { kmeans } from '../../src/index.ts';
import { Random } from '../../src/random.ts';
import { median, peakResident } from '../measure.ts';
import { circumstances, writeReport } from '../report.ts';
import { formatTable, threeDigits } from '../table.ts';

export const BLOCKS_USAGE = `npm run bench -- blocks [options]
  k-means of a file of float32 that is read a block at a time, in a process of its own: resident memory and rows a second, for a
  third of the rows and for all of them. Then, by turns, of as many rows as go into memory, and a fit of them there.
    --rows N      (default 20,000,000; the file has 4 bytes a value, and lies in the folder for temporary files)
    --features N  (default 128)
    --k N         (default 512)
    --block N     rows of a block (default 32,768)
    --passes N    iterations (default 5)
    --memory N    rows of the fit in memory (default 2,000,000)
    --rounds N    turns of those (default 3)
    --out PATH    folder of the results (default bench/results)`;

/** The first word of the command line that makes this program the process that is measured. */
export const STREAMED = 'blocks-measured';

interface Job {
  readonly path: string;
  readonly n: number;
  readonly d: number;
  readonly k: number;
  /** Rows of a block; 0 for a fit in memory. */
  readonly block: number;
  readonly passes: number;
}

interface Found {
  readonly n: number;
  /** Resident bytes at their most. */
  readonly peak: number;
  /** Resident bytes behind each iteration. */
  readonly curve: readonly number[];
  /** Between iterations, in seconds. */
  readonly seconds: readonly number[];
}

export async function runBlocksBenchmark(args: string[]): Promise<void> {
  const text = (value: string) => ({ type: 'string', default: value }) as const;
  const options = {
    ...{ rows: text('20000000'), features: text('128'), k: text('512'), block: text('32768') },
    ...{ passes: text('5'), memory: text('2000000'), rounds: text('3'), out: text('bench/results') },
  };
  const { out, ...given } = parseArgs({ args, options }).values;
  const [n, d, k, block, passes, memory, rounds] = [
    ...[given.rows, given.features, given.k, given.block, given.passes, given.memory, given.rounds],
  ].map(Number);
  const path = join(tmpdir(), `webgpu-clustering-blocks-${process.pid}.f32`);
  try {
    await writePoints(path, n, d);
    const job = { path, d, k, block, passes };
    const third = await measured({ ...job, n: Math.floor(n / 3) });
    const all = await measured({ ...job, n });
    const few = { ...job, n: Math.min(n, memory) };
    const beside: { readonly streamed: Found; readonly held: Found }[] = [];
    for (let round = 0; round < rounds; round++) {
      beside.push({ streamed: await measured(few), held: await measured({ ...few, block: 0 }) });
    }
    const lines = [lineOf('blocks', d, [third]), lineOf('blocks', d, [all])];
    if (beside.length > 0) {
      const [streamed, held] = (['streamed', 'held'] as const).map((way) => beside.map((round) => round[way]));
      lines.push(lineOf('blocks', d, streamed), lineOf('in memory', d, held));
    }
    console.log(formatTable(['', 'rows', 'GB', 'peak MB', '10⁶ rows/s: best', 'median'], lines));
    const report = { benchmark: 'blocks', ...circumstances(), d, k, block, passes, third, all, beside };
    console.log(`\nwritten to ${writeReport(out, report)}`);
  } finally {
    await rm(path, { force: true });
  }
}

/** Of runs of as many rows: the highest peak, and the rates. */
function lineOf(what: string, d: number, found: readonly Found[]): string[] {
  const [{ n }] = found;
  const rates = found.map(({ seconds }) => n / median(seconds) / 1e6);
  const peak = Math.max(...found.map(({ peak }) => peak));
  const size = [`${n}`, ((4 * n * d) / 1e9).toFixed(2), (peak / 1e6).toFixed(0)];
  return [what, ...size, threeDigits(Math.max(...rates)), threeDigits(median(rates))];
}

/** Overlapping groups, a block at a time. */
async function writePoints(path: string, n: number, d: number): Promise<void> {
  const { bavail, bsize } = await statfs(tmpdir());
  if (bavail * bsize < 4 * n * d) throw new Error(`${tmpdir()} has no room for ${4 * n * d} bytes`);
  const random = new Random(5);
  const centres = Float32Array.from({ length: 100 * d }, () => 2 * random.normal());
  // Made once, and added to centres from places that no two rows share soon: normal numbers are slow.
  const noise = Float32Array.from({ length: 2 ** 20 + d }, () => random.normal());
  const file = createWriteStream(path);
  const rows = 2 ** 14;
  for (let at = 0; at < n; at += rows) {
    const block = new Float32Array(Math.min(rows, n - at) * d);
    for (let i = 0; i < block.length; i += d) {
      const centre = Math.floor(100 * random.uniform()) * d;
      const from = Math.floor(2 ** 20 * random.uniform());
      for (let j = 0; j < d; j++) block[i + j] = centres[centre + j] + noise[from + j];
    }
    if (!file.write(new Uint8Array(block.buffer))) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
  // Or the first passes would be measured while it is still being written to the disk.
  const written = await open(path, 'r+');
  await written.sync();
  await written.close();
}

async function measured(job: Job): Promise<Found> {
  const child = fork(process.argv[1], [STREAMED, JSON.stringify(job)]);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the measured process ended with ${code}`);
  });
  ended.catch(() => undefined);
  const [found] = (await Promise.race([once(child, 'message'), ended])) as [Found];
  return found;
}

/** In the process of its own. */
export async function measureBlocks(argument: string): Promise<void> {
  const { path, n, d, k, block, passes }: Job = JSON.parse(argument);
  const file = await open(path);
  const read = async (first: number, rows: number, into = new Float32Array(rows * d)) => {
    const data = into.subarray(0, rows * d);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (let filled = 0; filled < bytes.length; ) {
      const { bytesRead } = await file.read(
        bytes,
        filled,
        Math.min(2 ** 30, bytes.length - filled),
        4 * first * d + filled,
      );
      if (bytesRead === 0) throw new Error(`${bytes.length - filled} bytes are missing`);
      filled += bytesRead;
    }
    return { data, shape: [rows, d] as const };
  };
  // One array for all blocks: each is copied before the next is asked for.
  const kept = new Float32Array(block * d);
  async function* blocks() {
    for (let first = 0; first < n; first += block) yield read(first, Math.min(block, n - first), kept);
  }
  const init = await read(0, k);
  const curve: number[] = [];
  const ends: number[] = [];
  const onIteration = () => {
    curve.push(process.memoryUsage.rss());
    ends.push(performance.now());
  };
  const options = { k, init, onIteration, maxIterations: passes, tolerance: 0, backend: 'cpu' } as const;
  if (block > 0) await kmeans({ blocks }, options);
  else await kmeans(await read(0, n), options);
  const seconds = ends.slice(1).map((end, i) => (end - ends[i]) / 1000);
  process.send!({ n, peak: peakResident(), curve, seconds } satisfies Found);
  await file.close();
  process.disconnect();
}
