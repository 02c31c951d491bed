/** What a pass over shards in processes of this machine costs: computing, and all that is there without any rows to speak of. */
import { parseArgs } from 'node:util';
import { fitShardsBy, type ShardsAsked } from '../../src/machines/drive.ts';
import { type Request, ShardProcess } from '../../src/machines/process.ts';
import { Random } from '../../src/random.ts';
import { median } from '../measure.ts';
import { circumstances, writeReport } from '../report.ts';
import { formatTable, threeDigits } from '../table.ts';

export const SHARDS_USAGE = `npm run build && npm run bench -- shards [options]
  Lloyd's iterations of the flights in 1, 2, 4 and 8 processes of one thread, and the same with one row each: what is sent,
  merged and updated. It needs the package "hyparquet".
    --runs N     passes (default 7)
    --rows N     flights (default 3,000,000)
    --out PATH   folder of the results (default bench/results)`;

const COMMAND = [process.execPath, 'dist/bin.js', 'shard'];
const FILE = 'node_modules/vega-datasets/data/flights-3m.parquet';
const COLUMNS = ['delay', 'distance'];
const PROCESSES = [1, 2, 4, 8];
/** Clusters: k·d from 10⁴ to 10⁶. Those of fits with rows are fewer. */
const CLUSTERS = [5_000, 50_000, 500_000];
const CLUSTERS_OF_ROWS = 64;

interface Pass {
  readonly processes: number;
  readonly rows: number;
  readonly k: number;
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
    out: { type: 'string', default: 'bench/results' },
  } as const;
  const { runs, rows, out } = parseArgs({ args, options }).values;
  const passes: Pass[] = [];
  for (const processes of PROCESSES) {
    passes.push(await measured(processes, Number(rows), CLUSTERS_OF_ROWS, Number(runs)));
    for (const k of [CLUSTERS_OF_ROWS, ...CLUSTERS]) passes.push(await measured(processes, processes, k, Number(runs)));
  }
  const lines = passes.map(({ processes, rows, k, sent, answered, statistics, update }) => [
    ...[`${processes}`, `${rows}`, `${k * COLUMNS.length}`, `${sent}`, `${answered}`],
    ...[threeDigits(median(statistics)), threeDigits(median(update))],
  ]);
  console.log(
    formatTable(['processes', 'rows', 'k·d', 'bytes to each', 'bytes back', 'answers ms', 'update ms'], lines),
  );
  console.log(`\nwritten to ${writeReport(out, { benchmark: 'shards', ...circumstances(), passes } as never)}`);
}

/** The second pass of a fit, several times. */
async function measured(processes: number, rows: number, k: number, runs: number): Promise<Pass> {
  const random = new Random(1);
  const init = Array.from({ length: k }, () => COLUMNS.map(() => 100 * random.normal()));
  const cut = (s: number) => Math.round((s * rows) / processes);
  const shards = Array.from({ length: processes }, (_, s) => {
    const part = ['--columns', COLUMNS.join(), '--rows', `${cut(s)}:${cut(s + 1)}`, '--threads', '1'];
    return new ShardProcess([...COMMAND, FILE, ...part]);
  });
  const alone = new ShardProcess(COMMAND);
  const plan = { kind: 'kmeans', k, tolerance: 0 } as const;
  let last: { readonly headers: readonly Request[]; readonly state: Uint8Array } | null = null;
  const each: ShardsAsked['each'] = (_, headers, state) => {
    if (state !== null) last = { headers, state };
    return Promise.all(
      headers.map((header, s) => shards[s].ask(String(header.verb), header, ...(state ? [state] : []))),
    );
  };
  try {
    await fitShardsBy({ count: processes, each }, alone, { ...plan, init, maxIterations: 1 });
    const { headers, state } = last! as { readonly headers: readonly Request[]; readonly state: Uint8Array };
    const statistics: number[] = [];
    const update: number[] = [];
    let answered = 0;
    for (let run = 0; run < runs; run++) {
      const start = performance.now();
      const answers = await each('', headers, state);
      const between = performance.now();
      const bodies = answers.map(({ parts }) => parts[0]);
      const { parts } = await alone.ask('merge', plan, ...bodies);
      await alone.ask('update', plan, state, parts[0]);
      statistics.push(between - start);
      update.push(performance.now() - between);
      answered = bodies[0].length;
    }
    return { processes, rows, k, sent: state.length, answered, statistics, update };
  } finally {
    await Promise.all([...shards, alone].map((process) => process.close()));
  }
}
