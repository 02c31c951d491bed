/** What compilers make of the library's kernels: see README.md. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { boundOf, describe, TARGET } from './bounds.mjs';
import { compile, hotLoop, withInner } from './compile.mjs';

const USAGE = `node bench/static/table.mjs [DIR] [options]
  DIR                        what npm run bench -- kernels DIR wrote; by default that is done first
  --kernels NAMES            those alone, by their names; by default those of trips.json, and short tiles
  --case NAME                as they are for this case; by default for those of trips.json
  --amd navi21 --intel tgl --nvidia sm_90
                             families, separated by commas; "" leaves a vendor out
  --robust                   NVIDIA's with indices checked
  --loops                    every loop, which is what trips.json is written from
  --against FILE             an earlier one's bounds beside these
  --out bench/results        folder of the JSON file`;

/** What Intel's adapters, and those of which nothing is known, are given in place of tall tiles. */
const SHORT = [
  { kernel: 'assign-tiled', case: 'kmeans-1Mx128-k1024', constants: { TALL: false } },
  { kernel: 'filter', case: 'kmeans-1Mx128-k1024', constants: { TALL: false } },
  { kernel: 'axes-moments', case: 'mixture-1Mx128-k1024-axes', constants: { FEATURES: 1 } },
];

const options = {
  kernels: { type: 'string' },
  case: { type: 'string' },
  amd: { type: 'string', default: 'navi21' },
  intel: { type: 'string', default: 'tgl' },
  nvidia: { type: 'string', default: TARGET },
  robust: { type: 'boolean', default: false },
  loops: { type: 'boolean', default: false },
  against: { type: 'string' },
  out: { type: 'string', default: 'bench/results' },
  help: { type: 'boolean', default: false },
};
const { values, positionals } = parseArgs({ allowPositionals: true, options });
if (values.help) console.log(USAGE);
else run();

function run() {
  const list = (text) => text.split(',').filter(Boolean);
  const folder = positionals[0] ?? writtenKernels();
  const { cases, kernels } = JSON.parse(readFileSync(join(folder, 'kernels.json'), 'utf8'));
  const trips = JSON.parse(readFileSync(new URL('trips.json', import.meta.url), 'utf8')).filter(
    (entry) =>
      (values.kernels === undefined || list(values.kernels).includes(entry.kernel)) &&
      (values.case === undefined || values.case === entry.case),
  );
  const described = trips.flatMap((entry) => tried(() => [{ entry, kernel: kernelOf(kernels, entry) }]));
  const asked =
    values.kernels === undefined
      ? SHORT.map((entry) => kernelOf(kernels, entry))
      : kernels.filter((kernel) => list(values.kernels).includes(kernel.name));
  const chosen = asked.filter(({ grids }) => values.case === undefined || values.case in grids);
  const files = [...new Set([...described.map(({ kernel }) => kernel), ...chosen].map(({ file }) => file))];
  if (files.length === 0)
    throw new Error(`nothing of that name: there are ${kernels.map(({ name }) => name).join(', ')}`);
  const targets = { amd: list(values.amd), intel: list(values.intel), nvidia: list(values.nvidia) };
  const rows = compile(
    files.map((file) => join(folder, file)),
    { ...targets, robust: values.robust, out: join(folder, 'compiled') },
  );
  print(rows.map(shownRow));
  if (values.loops) {
    for (const { kernel, target, loops } of rows)
      console.log(`\n${kernel}, ${target}\n${loops.map(describe).join('\n')}`);
  }
  const bounds = targets.nvidia.includes(TARGET) ? boundsOf(described, rows, cases) : [];
  if (bounds.length > 0) {
    console.log(
      `\nAt most, on an H100 (132 multiprocessors, 1.755 GHz): arithmetic on machine code, nothing measured\n`,
    );
    const earlier = values.against === undefined ? [] : JSON.parse(readFileSync(values.against, 'utf8')).bounds;
    print(bounds.map((bound) => shownBound(bound, earlier)));
  }
  const date = new Date().toISOString();
  const kept = rows.map(({ loops, ...row }) => ({ ...row, hotLoop: hotLoop(loops).counts }));
  mkdirSync(values.out, { recursive: true });
  const path = join(values.out, `static-${date.slice(0, 19).replaceAll(':', '')}.json`);
  writeFileSync(path, `${JSON.stringify({ benchmark: 'static', date, bounds, rows: kept }, null, 1)}\n`);
  console.log(`\nwritten: ${path}`);
}

function writtenKernels() {
  const folder = mkdtempSync(join(tmpdir(), 'kernels-'));
  const { status } = spawnSync('npm', ['run', '--silent', 'bench', '--', 'kernels', folder], { stdio: 'inherit' });
  if (status !== 0) throw new Error('npm run bench -- kernels failed');
  return folder;
}

/** The kernel of that name which the case runs; of several the one with the constants that the entry names. */
function kernelOf(kernels, { kernel: name, case: of, constants = {} }) {
  const found = kernels.filter(
    (kernel) =>
      kernel.name === name &&
      of in kernel.grids &&
      Object.entries(constants).every(([key, value]) => kernel.constants[key] === value),
  );
  if (found.length === 1) return found[0];
  const there = kernels.filter(({ grids }) => of in grids).map((kernel) => kernel.file);
  throw new Error(`${found.length} kernels ${name} for ${of}, of ${there.join(', ')}`);
}

function boundsOf(described, rows, cases) {
  return described.flatMap(({ entry, kernel }) => {
    const name = kernel.file.replace('.wgsl', '');
    const row = rows.find((each) => each.kernel === name && each.target === TARGET);
    return tried(() => [boundOf(row, entry, cases[entry.case], kernel.grids[entry.case])]);
  });
}

/** Nothing, and the command fails, for a kernel that trips.json does not describe as it is: the others have bounds still. */
function tried(work) {
  try {
    return work();
  } catch (error) {
    console.error(`\ntrips.json: ${error.message}`);
    process.exitCode = 1;
    return [];
  }
}

function shownRow({ kernel, target, registers, spills, shared, occupancy, instructions, loops }) {
  const hot = hotLoop(loops);
  const { counts } = hot;
  const share = ({ fma, fp, all }) => percent((fma + fp) / all);
  return {
    kernel,
    target,
    registers,
    spills,
    shared,
    occupancy,
    instructions,
    'hot loop': hot.name,
    'in it': counts.all,
    fma: counts.fma,
    'spills in it': counts.spill,
    'float share': share(counts),
    'with inner': share(withInner(loops, hot)),
  };
}

function shownBound(bound, earlier) {
  const before = earlier.find((other) => other.case === bound.case && other.kernel === bound.kernel);
  const beside = (key, show) => (before === undefined ? {} : { [`before: ${key}`]: show(before[key]) });
  const number = (value) => value.toPrecision(3);
  return {
    kernel: bound.kernel,
    case: bound.case,
    registers: bound.registers,
    spills: bound.spills,
    warps: bound.warps,
    'slots a term': number(bound.slotsOfTerm),
    'float share': percent(bound.floatShare),
    limit: bound.limit,
    workgroups: bound.workgroups,
    'multiprocessors busy': percent(bound.busy),
    'of peak': percent(bound.ofPeak),
    'ms at least': number(bound.msAtLeast),
    ...beside('ofPeak', percent),
    ...beside('msAtLeast', number),
  };
}

function percent(share) {
  return `${(100 * share).toPrecision(3)} %`;
}

/** Rows under the columns of any of them, the first two to the left. */
function print(rows) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cell = (row, column) => `${row[column] ?? ''}`;
  const widths = columns.map((column) => Math.max(column.length, ...rows.map((row) => cell(row, column).length)));
  const line = (cells) =>
    cells.map((text, i) => (i < 2 ? text.padEnd(widths[i]) : text.padStart(widths[i]))).join('  ');
  console.log(line(columns));
  for (const row of rows) console.log(line(columns.map((column) => cell(row, column))));
}
