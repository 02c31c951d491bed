#!/usr/bin/env node
/** The command `webgpu-clustering`: a process that reads rows once, and answers on standard output what it is asked on standard input. */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { createEngine } from '../api/create-engine.ts';
import { checkInteger, checkWord } from '../check.ts';
import { HeldRows } from './held-rows.ts';
import { type RowsOfFile, readParquet } from './rows.ts';
import { refuse, serve } from './serve.ts';

const USAGE = `webgpu-clustering shard [FILE.parquet --columns a,b,c [--rows 0:1000000]] [--engine cpu|webgpu] [--threads N]

Reads rows of a Parquet file once and keeps them, for whoever drives it by messages on standard input and output; without
a file it answers what takes no rows. It ends with its input.`;

async function main(): Promise<void> {
  let begun: ReturnType<typeof begin>;
  try {
    begun = begin();
  } catch (error) {
    tell(error as Error);
    // Whoever drives it sees no more of it than its answers; somebody at a terminal has read the words.
    if (process.argv[2] === 'shard' && !process.stdin.isTTY) await refuse(process.stdin, write, error as Error);
    return;
  }
  if (begun === null) return console.error(USAGE);
  // Nobody is left to hear of it.
  process.stdout.on('error', () => process.exit());
  await serve(process.stdin, write, begun.verbs);
  await (await begun.engine).destroy();
}

/** Null where help is wanted. */
function begin() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      columns: { type: 'string' },
      rows: { type: 'string' },
      engine: { type: 'string', default: 'cpu' },
      threads: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const [command, path, ...others] = positionals;
  if (values.help) return null;
  if (command !== 'shard' || others.length > 0) throw new TypeError(USAGE);
  const backend = checkWord('--engine', values.engine, ['cpu', 'webgpu']);
  const rows = path === undefined ? null : rowsOf(path, values);
  const engine = openEngine(backend, values.threads);
  return { engine, verbs: rows === null ? {} : new HeldRows(reader(rows), engine).verbs };
}

function tell({ message }: Error): void {
  console.error(message);
  process.exitCode = 1;
}

function rowsOf(
  path: string,
  { columns, rows = ':' }: { readonly columns?: string; readonly rows?: string },
): RowsOfFile {
  if (!columns) throw new TypeError('--columns names the features, as in --columns a,b,c');
  const ends = /^(\d*):(\d*)$/.exec(rows);
  if (ends === null) throw new TypeError(`--rows is START:END, the first row and the one behind the last, got ${rows}`);
  const [start, end] = [Number(ends[1]), ends[2] === '' ? Infinity : Number(ends[2])];
  if (start >= end) throw new RangeError(`--rows ${rows} are no rows`);
  return { path, columns: columns.split(','), start, end };
}

function reader(rows: RowsOfFile) {
  return () => readParquet(rows);
}

async function openEngine(backend: 'cpu' | 'webgpu', threads: string | undefined) {
  if (backend === 'cpu') {
    return createEngine({ backend, ...(threads && { threads: checkInteger('--threads', Number(threads), 1) }) });
  }
  const { requestNodeDevice } = await import('../node/index.ts');
  return createEngine({ backend, device: await requestNodeDevice() });
}

async function write(bytes: Uint8Array): Promise<void> {
  if (!process.stdout.write(bytes)) await once(process.stdout, 'drain');
}

main().catch(tell);
