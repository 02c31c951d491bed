/** `npm run bench -- gpu`: k-means and mixtures on the GPU, in Node and in Chrome, beside those that do the same there. */
import { parseArgs } from 'node:util';
import { choose } from '../options.ts';
import { circumstances, writeReport } from '../report.ts';
import { formatTable } from '../table.ts';
import { GPU_CASES } from './cases.ts';
import { inChrome } from './chrome.ts';
import { dawnOfPages } from './dawn.ts';
import { openPeers } from './peers/index.ts';
import { adapterLine, FOOTNOTE, HEADINGS, kernelLine, rowsOf, variantsLine } from './rows.ts';
import { type Listener, runSuite, type SuiteOptions, type SuiteReport } from './suite.ts';

const CASES = GPU_CASES.map(({ name }) => name);
const PLACES = ['node', 'chrome'] as const;

export const GPU_USAGE = `npm run bench -- gpu [cases] [options]
  cases                      any of ${CASES.slice(0, 5).join(' ')}
                             ${CASES.slice(5).join(' ')}; all of them by default
  --in ${PLACES.join().padEnd(22)}where, both by default
  --no-peers                 without those that do the same
  --small                    sizes that a software adapter takes in a minute or two
  --out bench/results        folder of the JSON file`;

type Place = (typeof PLACES)[number];

interface PlaceReport extends SuiteReport {
  readonly in: Place;
  readonly browser?: string;
  readonly peers: readonly { readonly name: string; readonly about: string }[];
  /** Peers that were not timed, and why. */
  readonly missing: readonly string[];
}

export async function runGpuBenchmark(args: string[]): Promise<void> {
  const options = readOptions(args);
  if (options === null) return;
  const where = circumstances();
  console.log(`${where.processor}, ${where.logicalProcessors} logical processors, Node ${where.node}`);
  const places: PlaceReport[] = [];
  for (const place of options.places) {
    console.log(`\n${place === 'node' ? 'In Node (Dawn)' : 'In Chrome'}`);
    try {
      places.push(place === 'node' ? await inNode(options) : { in: place, ...(await inChrome(options, TERMINAL)) });
    } catch (error) {
      console.error(`${(error as Error).message}`);
      process.exitCode = 1;
    }
  }
  console.log(`\n${FOOTNOTE}`);
  if (places.length > 0) {
    const report = { benchmark: 'gpu', ...where, small: options.small, places };
    console.log(`\nwritten: ${writeReport(options.out, report)}`);
  }
  // What had no end is at work still.
  process.exit();
}

interface GpuOptions extends SuiteOptions {
  readonly places: readonly Place[];
  readonly withPeers: boolean;
  readonly out: string;
}

function readOptions(args: string[]): GpuOptions | null {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        in: { type: 'string', default: PLACES.join() },
        'no-peers': { type: 'boolean', default: false },
        small: { type: 'boolean', default: false },
        out: { type: 'string', default: 'bench/results' },
      },
    });
    return {
      cases: positionals.length === 0 ? CASES : choose('cases', CASES, positionals),
      places: choose('in', PLACES, values.in.split(',')),
      withPeers: !values['no-peers'],
      small: values.small,
      out: values.out,
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${GPU_USAGE}`);
    process.exitCode = 2;
    return null;
  }
}

async function inNode(options: GpuOptions): Promise<PlaceReport> {
  const gpu = await dawnOfPages(options.small);
  const { peers, missing } = options.withPeers ? await openPeers() : { peers: [], missing: [] };
  for (const line of missing) console.log(`not timed: ${line}`);
  for (const { name, about } of peers) console.log(`${name}: ${about}`);
  try {
    const suite = await runSuite(gpu, peers, options, TERMINAL);
    return { in: 'node', peers: peers.map(({ name, about }) => ({ name, about })), missing, ...suite };
  } finally {
    await Promise.all(peers.map((peer) => peer.close()));
  }
}

/** Tables, case by case. */
const TERMINAL: Listener = {
  adapter: (adapter) => console.log(adapterLine(adapter)),
  case(outcome) {
    console.log(`\n${outcome.title}\n${formatTable(['', ...HEADINGS], rowsOf(outcome))}`);
    for (const line of [kernelLine(outcome), variantsLine(outcome)]) if (line !== null) console.log(line);
    for (const line of outcome.failures) console.log(`failed: ${line}`);
  },
};
