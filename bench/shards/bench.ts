/** What a pass over shards in processes of this machine costs: computing, and all that is there without any rows to speak of. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { fitShardsBy, type ShardsAsked } from '../../src/machines/drive.ts';
import { type Request, ShardProcess } from '../../src/machines/process.ts';
import { Random } from '../../src/random.ts';
import { blobs } from '../blobs.ts';
import { median } from '../measure.ts';
import { findPython } from '../python.ts';
import { circumstances, writeReport } from '../report.ts';
import { formatTable, threeDigits } from '../table.ts';

export const SHARDS_USAGE = `npm run build && npm run bench -- shards [options]
  Lloyd's iterations of the flights in 1, 2, 4 and 8 processes of one thread, and the same with eight rows: what is sent,
  merged and updated. Then fits on Dask: of eight shards with little to compute and 200 kB of parameters; and by one worker and by two
  of all flights, with 64 and with 512 clusters, and of 600,000 rows of 128 features. It needs a Python with Dask and the
  package "hyparquet".
    --runs N     passes (default 7)
    --rows N     flights (default 3,000,000)
    --dask       fits on Dask alone
    --large      k·d of 10⁷ too: minutes, and a gigabyte for each process
    --out PATH   folder of the results (default bench/results)`;

const COMMAND = [process.execPath, 'dist/bin.js', 'shard'];
const FILE = 'node_modules/vega-datasets/data/flights-3m.parquet';
const COLUMNS = ['delay', 'distance'];

/** A Parquet file, and centroids [k][d] to begin with. */
interface Data {
  readonly file: string;
  readonly columns: readonly string[];
  start(k: number): number[][];
}

const FLIGHTS: Data = { file: FILE, columns: COLUMNS, start: (k) => randomRows(k, COLUMNS.length, 100) };
const PROCESSES = [1, 2, 4, 8];
const CLUSTERS_OF_FLIGHTS = 64;
const MANY_CLUSTERS_OF_FLIGHTS = 512;
const ROWS_OF_DASK = 3_200;
const SHARDS_OF_DASK = 8;
/** Where nearly all is computing: groups that overlap, so that bounds spare little. */
const GROUPS = { n: 600_000, d: 128, groups: 100, seed: 4, separation: 4 };
const CLUSTERS_OF_GROUPS = 512;
/** Where nothing is to be computed: rows of all processes together, and clusters of 500 features, k·d from 10⁴ to 10⁶. */
const FEW = { rows: 8, d: 500, clusters: [20, 200, 2_000] };

interface Pass {
  readonly processes: number;
  readonly rows: number;
  readonly k: number;
  readonly d: number;
  /** What one process is sent and what it answers: bytes. */
  readonly sent: number;
  readonly answered: number;
  /** Until the last process has answered, and until there is a new state: milliseconds of each run. */
  readonly statistics: readonly number[];
  readonly update: readonly number[];
}

export async function runShardsBenchmark(args: string[]): Promise<void> {
  const options = {
    runs: { type: 'string', default: '7' },
    rows: { type: 'string', default: '3000000' },
    large: { type: 'boolean', default: false },
    dask: { type: 'boolean', default: false },
    out: { type: 'string', default: 'bench/results' },
  } as const;
  const { runs, rows, large, dask, out } = parseArgs({ args, options }).values;
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    const wide = await wideData(folder);
    const groups = await groupsData(folder);
    const passes: Pass[] = [];
    const pass = async (data: Data, rows: number, k: number, most = Infinity) => {
      const begun = await begin(data, k, rows);
      for (const processes of PROCESSES.filter((count) => count <= most))
        passes.push(await measured(data, processes, rows, begun, Number(runs)));
    };
    if (!dask) {
      await pass(FLIGHTS, Number(rows), CLUSTERS_OF_FLIGHTS);
      await pass(groups, GROUPS.n, CLUSTERS_OF_GROUPS, 2);
      for (const k of [...FEW.clusters, ...(large ? [20_000] : [])]) await pass(wide, FEW.rows, k);
    }
    // What those on Dask compute: a shard alone, and all of them beside each other.
    const shard = ROWS_OF_DASK / SHARDS_OF_DASK;
    passes.push(await measured(wide, 1, shard, await begin(wide, 50, ROWS_OF_DASK), Number(runs)));
    passes.push(await measured(wide, SHARDS_OF_DASK, ROWS_OF_DASK, await begin(wide, 50, ROWS_OF_DASK), Number(runs)));
    tell(passes, await fitsOnDask(wide, groups, Number(rows), Number(runs)), out);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function tell(passes: readonly Pass[], dask: readonly DaskFit[], out: string): void {
  const lines = passes.map(({ processes, rows, k, d, sent, answered, statistics, update }) => [
    ...[`${processes}`, `${rows}`, `${k * d}`, `${sent}`, `${answered}`],
    ...[threeDigits(median(statistics)), threeDigits(median(update))],
  ]);
  console.log(
    formatTable(['processes', 'rows', 'k·d', 'bytes to each', 'bytes back', 'answers ms', 'update ms'], lines),
  );
  const ofDask = dask.map(({ workers, shards, rows, k, d, milliseconds }) => [
    ...[`${workers}`, `${shards}`, `${rows}`, `${k * d}`, threeDigits(median(milliseconds))],
  ]);
  console.log(formatTable(['Dask workers', 'shards', 'rows', 'k·d', 'ms an iteration'], ofDask));
  console.log(`\nwritten to ${writeReport(out, { benchmark: 'shards', ...circumstances(), passes, dask } as never)}`);
}

interface Begun {
  readonly plan: { readonly kind: 'kmeans'; readonly k: number; readonly tolerance: 0 };
  /** What shards are asked about, and what: as a fit does behind its first iteration. */
  readonly state: Uint8Array;
  readonly header: Request;
}

/** Rows along a line: from the first ones Lloyd's iterations take long, so that fits on Dask do not converge while they are watched. */
async function wideData(folder: string): Promise<Data> {
  const random = new Random(2);
  const places = Float64Array.from({ length: ROWS_OF_DASK }, () => random.uniform()).sort();
  const columnData = Array.from({ length: FEW.d }, (_, j) => {
    const slope = random.normal();
    return { name: `c${j}`, type: 'FLOAT' as const, data: Float32Array.from(places, (place) => slope * place) };
  });
  const stored = await written(folder, 'wide', columnData);
  // Rows of its own where there are so many: no cluster is empty.
  const start = (k: number) =>
    k > ROWS_OF_DASK / 2
      ? randomRows(k, FEW.d, 1)
      : Array.from({ length: k }, (_, c) => columnData.map(({ data }) => Math.fround(data[c])));
  return { ...stored, start };
}

async function groupsData(folder: string): Promise<Data> {
  const { n, d } = GROUPS;
  const rows = blobs(GROUPS);
  const columnData = Array.from({ length: d }, (_, j) => {
    return { name: `c${j}`, type: 'FLOAT' as const, data: Float32Array.from({ length: n }, (_, i) => rows[i * d + j]) };
  });
  const stored = await written(folder, 'groups', columnData);
  const start = (k: number) => Array.from({ length: k }, (_, c) => Array.from(rows.subarray(c * d, (c + 1) * d)));
  return { ...stored, start };
}

interface Column {
  readonly name: string;
  readonly type: 'FLOAT';
  readonly data: Float32Array;
}

async function written(folder: string, name: string, columnData: Column[]): Promise<Omit<Data, 'start'>> {
  const file = join(folder, `${name}.parquet`);
  await writeFile(file, new Uint8Array(parquetWriteBuffer({ columnData })));
  return { file, columns: columnData.map(({ name }) => name) };
}

/** Of one digit, which is short in JSON. */
function randomRows(k: number, d: number, size: number): number[][] {
  const random = new Random(1);
  return Array.from({ length: k }, () => Array.from({ length: d }, () => Math.round(size * random.normal())));
}

function shardsOf({ file, columns }: Data, processes: number, rows: number): ShardProcess[] {
  const cut = (s: number) => Math.round((s * rows) / processes);
  return Array.from({ length: processes }, (_, s) => {
    const part = ['--columns', columns.join(), '--rows', `${cut(s)}:${cut(s + 1)}`, '--threads', '1'];
    return new ShardProcess([...COMMAND, file, ...part]);
  });
}

/** An iteration in one process. */
async function begin(data: Data, k: number, rows: number): Promise<Begun> {
  const init = data.start(k);
  const [shard] = shardsOf(data, 1, rows);
  const alone = new ShardProcess(COMMAND);
  const plan = { kind: 'kmeans', k, tolerance: 0 } as const;
  let last: Pick<Begun, 'state' | 'header'> | null = null;
  const each: ShardsAsked['each'] = async (_, [header], state) => {
    if (state !== null) last = { header, state };
    return [await shard.ask(String(header.verb), header, ...(state ? [state] : []))];
  };
  try {
    await fitShardsBy({ count: 1, each }, alone, { ...plan, init, maxIterations: 1 });
    return { plan, ...last! };
  } finally {
    await Promise.all([shard.close(), alone.close()]);
  }
}

/** Passes of a fit, from its second one on, and again from there where it has converged. */
async function measured(
  data: Data,
  processes: number,
  rows: number,
  { plan, state: first, header }: Begun,
  runs: number,
): Promise<Pass> {
  const shards = shardsOf(data, processes, rows);
  const alone = new ShardProcess(COMMAND);
  const statistics: number[] = [];
  const update: number[] = [];
  let answered = 0;
  let state = first;
  try {
    // The first one reads rows, and loads what the others have.
    for (let run = -1; run < runs; run++) {
      const start = performance.now();
      const answers = await Promise.all(shards.map((shard) => shard.ask(String(header.verb), header, state)));
      const between = performance.now();
      const bodies = answers.map(({ parts }) => parts[0]);
      const updated = await alone.ask('update', plan, state, ...bodies);
      // Where nothing moves nothing is computed.
      state = updated.header.converged ? first : updated.parts[0];
      answered = bodies[0].length;
      if (run < 0) continue;
      statistics.push(between - start);
      update.push(performance.now() - between);
    }
    return { processes, rows, k: plan.k, d: data.columns.length, sent: first.length, answered, statistics, update };
  } finally {
    await Promise.all([...shards, alone].map((process) => process.close()));
  }
}

interface DaskFit {
  readonly workers: number;
  readonly shards: number;
  readonly rows: number;
  readonly k: number;
  readonly d: number;
  /** From one iteration to the next. */
  readonly milliseconds: readonly number[];
}

/** Iterations that are not measured: engines are compiled in them. */
const FIRST = 20;

/** Of workers that compute one shard at a time. */
async function onDask(
  data: Data,
  { workers, shards, rows, k }: Omit<DaskFit, 'milliseconds' | 'd'>,
  runs: number,
): Promise<DaskFit> {
  const { command: python } = await findPython(DASK, 'Dask');
  const { file, columns } = data;
  const d = columns.length;
  const init = data.start(k);
  const asked = {
    ...{ module: resolve('dist/dask'), command: [process.execPath, resolve('dist/bin.js')], kind: 'kmeans', workers },
    ...{ file: resolve(file), columns },
    cuts: Array.from({ length: shards + 1 }, (_, s) => Math.round((s * rows) / shards)),
    options: { k, init, tolerance: 0, max_iter: FIRST + runs },
  };
  const fit = spawn(python, ['test/machines/fit_on_dask.py'], { stdio: ['pipe', 'pipe', 'inherit'] });
  fit.stdin.end(JSON.stringify(asked));
  const { passes } = JSON.parse(await text(fit.stdout)) as { passes: { ms: number }[] };
  const milliseconds = passes.slice(FIRST).map(({ ms }, i) => ms - passes[FIRST + i - 1].ms);
  return { workers, shards, rows, k, d, milliseconds };
}

const DASK = 'import distributed\ndef versions(): return distributed.__version__';

/** Eight shards with little to compute and 200 kB of parameters; all flights, and wide groups, by one worker and by two. */
async function fitsOnDask(wide: Data, groups: Data, rows: number, runs: number): Promise<readonly DaskFit[]> {
  const fits = [await onDask(wide, { workers: 2, shards: SHARDS_OF_DASK, rows: ROWS_OF_DASK, k: 50 }, runs)];
  // Twice, by turns: a machine that others use too is not equally fast from minute to minute.
  const byOneAndTwo = async (data: Data, rows: number, k: number) => {
    const turns: DaskFit[] = [];
    for (const workers of [1, 2, 1, 2]) turns.push(await onDask(data, { workers, shards: workers, rows, k }, runs));
    const [one, two, oneAgain, twoAgain] = turns;
    fits.push({ ...one, milliseconds: [...one.milliseconds, ...oneAgain.milliseconds] });
    fits.push({ ...two, milliseconds: [...two.milliseconds, ...twoAgain.milliseconds] });
  };
  for (const k of [CLUSTERS_OF_FLIGHTS, MANY_CLUSTERS_OF_FLIGHTS]) await byOneAndTwo(FLIGHTS, rows, k);
  await byOneAndTwo(groups, GROUPS.n, CLUSTERS_OF_GROUPS);
  return fits;
}
