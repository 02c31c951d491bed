/**
 * Upper bounds for kernels on an H100, from the machine code, from how often each loop runs (trips.json), and from the grids.
 *
 * A multiprocessor has four schedulers; each issues an instruction of a warp a cycle. Of these the multiply-add pipe takes one a
 * cycle, integers, compares and selects one in two, integer products one in two, special functions one in eight; the load-store
 * unit is shared by all four. (CUDA programming guide, throughput of compute capability 9.0.)
 */
import { sumCounts } from './isa.mjs';

export const TARGET = 'sm_90';
const MULTIPROCESSORS = 132;
const GHZ = 1.755;

/** Multiply-adds, or whatever a kernel is for, that the result of a case needs in all. */
const TERMS = {
  n: ({ n }) => n,
  n·d: ({ n, d }) => n * d,
  n·k: ({ n, k }) => n * k,
  n·k·d: ({ n, k, d }) => n * k * d,
  // Of rows that are rescored. Points decide how many: four of a slice of 4096, or 0.1 %, is an assumption.
  '4·n/4096·k·d': ({ n, k, d }) => ((4 * n) / 4096) * k * d,
  // Of the statistics of eight slices at a time.
  'n/32768·k·(d + 2)': ({ n, k, d }) => (n / 32768) * k * (d + 2),
  k: ({ k }) => k,
  k·d: ({ k, d }) => k * d,
  'n·k·d·(d + 1)/2': ({ n, k, d }) => (n * k * d * (d + 1)) / 2,
};

/** How far trip counts may be off. */
const TOLERANCE = 0.02;

/**
 * @param row what `compile` tells of the kernel on an H100
 * @param entry of trips.json: `terms` is a key of TERMS; `made` the terms that a trip of a loop makes for a thread; `padding` how
 *   many times the terms are made, where tiles are not full; `trips` how often an average warp runs each loop in all; `lsu` the
 *   cycles of the load-store unit for one trip, where 4 bytes a lane in one cycle is wrong
 * @param size n, d and k of the case
 * @param grids its dispatches: { workgroups: [x, y], times }
 * @throws {Error} where loops are not those of the machine code, or trips do not multiply to the terms
 */
export function boundOf(row, entry, size, grids) {
  const { trips, lsu = {} } = entry;
  const counted = grids.map(({ workgroups: [x, y], times }) => [x * y, times]);
  const workgroups = counted.reduce((sum, [each, times]) => sum + each * times, 0);
  const terms = TERMS[entry.terms](size) / (workgroups * row.threads);
  checkTrips(row, entry, terms);

  const runs = (name) => trips[name] ?? (name === 'kernel' ? 1 : 0);
  const total = sumCounts(row.loops.map(({ name, counts }) => [runs(name), counts]));
  const ofLsu = row.loops.reduce((sum, { name, counts }) => {
    const words = (counts.ldsBytes + counts.stsBytes + counts.ldgBytes) / 4;
    return sum + runs(name) * (lsu[name] ?? words + counts.stg + 2 * counts.atom + counts.shfl);
  }, 0);
  const pipes = {
    issue: total.all,
    'multiply-adds': total.fma + total.fp + total.imul,
    integers: 2 * total.int,
    'special functions': 8 * total.sfu,
    'load-store': 4 * ofLsu,
  };
  const cycles = Math.max(...Object.values(pipes));
  // A dispatch lasts as long as the fullest multiprocessor.
  const rounds = counted.reduce((sum, [each, times]) => sum + times * Math.ceil(each / MULTIPROCESSORS), 0);
  const busy = workgroups / MULTIPROCESSORS / rounds;
  const warps = Math.ceil(row.threads / 32);
  return {
    kernel: entry.kernel,
    case: entry.case,
    registers: row.registers,
    spills: row.spills,
    warps: row.resident,
    slotsOfTerm: total.all / terms,
    floatShare: (total.fma + total.fp) / total.all,
    limit: Object.keys(pipes).find((name) => pipes[name] === cycles),
    workgroups,
    busy,
    ofPeak: (terms * busy) / cycles,
    msAtLeast: ((rounds * warps * cycles) / 4 / GHZ) * 1e-6,
  };
}

function checkTrips({ kernel, loops }, { made, padding = 1, trips }, terms) {
  const known = new Map(loops.map(({ name, counts }) => [name, counts]));
  const wrong = (reason) => new Error(`${kernel}: ${reason}\n${loops.map(describe).join('\n')}`);
  for (const name of [...Object.keys(trips), ...Object.keys(made)]) {
    if (!known.has(name)) throw wrong(`no loop ${name}`);
  }
  const product = Object.entries(made).reduce((sum, [name, each]) => sum + (trips[name] ?? 0) * each, 0);
  // Not "greater than": NaN must not pass.
  if (!(Math.abs(product / (terms * padding) - 1) <= TOLERANCE)) {
    throw wrong(`the trips make ${product} terms of a thread, the result needs ${terms} × ${padding}`);
  }
}

/** Instructions of a loop without its inner ones. */
export function describe({ name, depth, counts }) {
  const { all, ...classes } = counts;
  const used = Object.entries(classes).filter(([, n]) => n > 0);
  return `${'  '.repeat(depth + 1)}${name.padEnd(10)} ${all}: ${used.map(([key, n]) => `${key} ${n}`).join(', ')}`;
}
