/** How much memory points, an engine and a fit take, in a process of their own. */
import { fork } from 'node:child_process';
import { closeSync, openSync, readSync } from 'node:fs';
import { type OpenEngine, openCpu } from '../engines.ts';
import type { KMeansProblem } from '../kmeans/cases.ts';
import { peakResident } from '../measure.ts';
import { withFile } from '../python.ts';
import { formatTable } from '../table.ts';
import { type Goal, outcome } from './goals.ts';
import type { Findings } from './section.ts';

/** The first word of the command line that makes this program the process that is measured. */
export const MEASURED = 'cpu-memory';

const THREADS = 2;
const ITERATIONS = 10;

interface Job {
  /** Points [n, d] and start [k, d], raw float32. */
  readonly path: string;
  readonly n: number;
  readonly d: number;
  readonly k: number;
}

/** Resident bytes. */
interface Memory {
  /** With the engine, before it had any points. */
  readonly engine: number;
  /** With its workers, once they have had points, and without any. */
  readonly before: number;
  /** At its most until the upload was over. */
  readonly upload: number;
  readonly peak: number;
}

export async function peakMemory(problem: KMeansProblem, goal: Goal): Promise<Findings> {
  const { name, title, size, data, start, n, d, k } = problem;
  const memory = await withFile([data, start], (path) => measured({ path, n, d, k }));
  const ratio = (memory.peak - memory.before) / data.byteLength;
  const megabytes = [data.byteLength, memory.engine, memory.before, memory.upload, memory.peak].map((bytes) =>
    (bytes / 2 ** 20).toFixed(1),
  );
  const table = formatTable(
    ['', 'points, MiB', 'engine', 'with workers', 'peak of upload', 'peak', 'growth / points'],
    [[`cpu, ${THREADS} threads`, ...megabytes, ratio.toFixed(2)]],
  );
  console.log(`\n${title}, resident memory\n${table}`);
  return {
    report: { ...size, threads: THREADS, bytes: data.byteLength, ...memory, ratio },
    outcomes: [outcome('peak memory / points', name, ratio, goal)],
  };
}

function measured(job: Job): Promise<Memory> {
  const child = fork(process.argv[1], [MEASURED, JSON.stringify(job)]);
  return new Promise((resolve, reject) => {
    child.on('message', (memory) => resolve(memory as Memory));
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`the measured process ended with ${code}`)));
  });
}

/** In the process of its own: reads the points as a caller would have them, and keeps them to the end. */
export async function measureMemory(argument: string): Promise<void> {
  const { path, n, d, k }: Job = JSON.parse(argument);
  const opened = await openCpu(THREADS);
  const engine = process.memoryUsage.rss();
  await startWorkers(opened);
  const before = process.memoryUsage.rss();
  const file = openSync(path, 'r');
  const data = readValues(file, n * d);
  const start = readValues(file, k * d);
  closeSync(file);
  const { dataset } = await opened.upload(data, n, d);
  const upload = peakResident();
  const init = { data: start, shape: [k, d] as const };
  const model = await opened.engine.kmeans(dataset, { k, init, maxIterations: ITERATIONS, tolerance: 0 });
  const memory: Memory = { engine, before, upload, peak: peakResident() };
  if (data.length !== n * d || model.labels?.length !== n) throw new Error('points and result are to be there still');
  process.send!(memory);
  dataset.destroy();
  await opened.close();
  process.disconnect();
}

/** What a thread takes does not grow with the points. */
async function startWorkers(opened: OpenEngine): Promise<void> {
  const [n, d] = [2 ** 16, THREADS];
  const { dataset } = await opened.upload(
    Float32Array.from({ length: n * d }, (_, i) => i % 7),
    n,
    d,
  );
  await opened.engine.kmeans(dataset, { k: 2, maxIterations: 1 });
  dataset.destroy();
}

function readValues(file: number, length: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(length);
  const bytes = new Uint8Array(values.buffer);
  for (let filled = 0; filled < bytes.length; ) {
    const count = readSync(file, bytes, filled, bytes.length - filled, null);
    if (count === 0) throw new Error(`${bytes.length - filled} bytes are missing`);
    filled += count;
  }
  return values;
}
