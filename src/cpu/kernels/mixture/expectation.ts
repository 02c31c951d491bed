/** The E-step of a mixture with its moments, in float64: eight rows at a time, from first to last. */
import { LANES, plainLengths, scaledLengths, subtract, transform, transpose, widen } from './densities';
import { exp, log } from './exp';
import {
  AXES,
  BLOCK,
  BLOCK_ROWS,
  BLOCK_WEIGHTS,
  COUNTS,
  D,
  DIFFERENCES,
  FACTORS,
  GROUP,
  K,
  LABELS,
  LIKELIHOOD,
  LOGS,
  MEANS,
  OFFSETS,
  OWN,
  PAIRS,
  PLAIN,
  POOLED,
  ROOTS,
  ROWS,
  SCALED,
  SHAPE,
  SHARED,
  SQUARES,
  SUMS,
  TEMPERATURE,
  VALUES,
  WEIGHTS,
  WHITENED,
  widthOf,
} from './layout';
import { addAxes, addProducts, addScaled, scale, tally } from './moments';
import { addOwn, ownLengths } from './own';
import { addPairs, addSums, average, divideByRoots } from './pooled';

/** Adds rows [start, end) to the moments; leaves their labels and values. */
export function accumulateMixture(state: usize, start: u32, end: u32): void {
  const group = load<u32>(state, GROUP);
  for (let row = start; row < end; row += group) {
    const count = min(group, end - row);
    weigh(state, row, count);
    measure(state, row, count);
    for (let from: u32 = 0; from < count; from += BLOCK) respond(state, row, from);
    addMoments(state, count);
  }
}

/** log π·p of rows [start, end), less the largest of each: float32 [end − start, k]. */
export function mixtureDensities(state: usize, start: u32, end: u32, to: usize): void {
  const logs: usize = load<u32>(state, LOGS);
  const all = logs + (load<u32>(state, K) << 6);
  for (let row = start; row < end; row += BLOCK) {
    const count = min(BLOCK, end - row);
    measure(state, row, count);
    for (let lane: usize = 0; lane < (<usize>count) << 3; lane += 8) {
      let best: f64 = -Infinity;
      for (let at = logs + lane; at < all; at += LANES) best = max<f64>(best, load<f64>(at));
      for (let at = logs + lane; at < all; at += LANES, to += 4) store<f32>(to, <f32>(load<f64>(at) - best));
    }
  }
}

/** The weights of a group, of whole blocks: 0 for rows that are missing. */
function weigh(state: usize, row: u32, count: u32): void {
  const weights: usize = load<u32>(state, WEIGHTS);
  const to: usize = load<u32>(state, BLOCK_WEIGHTS);
  for (let i: u32 = 0; i < ((count + BLOCK - 1) & ~(BLOCK - 1)); i++) {
    const weight: f64 = i >= count ? 0 : weights === 0 ? 1 : <f64>load<f32>(weights + ((row + i) << 2));
    store<f64>(to + (i << 3), weight);
  }
}

/** log π·p of a group for all components: [blocks, k, 8]. */
function measure(state: usize, row: u32, count: u32): void {
  const d = load<u32>(state, D);
  const k = load<u32>(state, K);
  const shape = load<u32>(state, SHAPE);
  let logs: usize = load<u32>(state, LOGS);
  const means: usize = load<u32>(state, MEANS);
  const block: usize = load<u32>(state, BLOCK_ROWS);
  if (shape === OWN) ownLengths(state, row, count, load<u32>(state, GROUP));
  else widen(<usize>load<u32>(state, ROWS) + <usize>(row * d) * 4, count, d, block);
  if (shape === AXES) scaledLengths(block, d, means, k, logs);
  else if (shape === PLAIN) plainLengths(block, d, means, k, logs);
  else if (shape !== OWN) sharedLengths(state);
  for (let from: u32 = 0; from < count; from += BLOCK, logs += k << 6) complete(logs, load<u32>(state, OFFSETS), k);
}

/** With z = (x − m₀)·U, computed once, y is z − (m − m₀)·U. */
function sharedLengths(state: usize): void {
  const d = load<u32>(state, D);
  const k = load<u32>(state, K);
  const block: usize = load<u32>(state, BLOCK_ROWS);
  const differences: usize = load<u32>(state, DIFFERENCES);
  const logs: usize = load<u32>(state, LOGS);
  const rows: usize = load<u32>(state, WHITENED);
  const factor: usize = load<u32>(state, FACTORS);
  const width = widthOf(d);
  const shifts = <usize>load<u32>(state, MEANS) + width;
  subtract(block, d, load<u32>(state, MEANS), differences);
  transform(differences, d, factor, rows, width, logs);
  transpose(rows, width, d, block);
  plainLengths(block, d, shifts + <usize>k * width, k, logs);
}

/** offset − sharpness/2·‖y‖² in place of ‖y‖². */
function complete(logs: usize, offsets: usize, k: u32): void {
  for (const end = logs + (k << 6); logs < end; logs += LANES, offsets += 16) {
    const offset = v128.load64_splat(offsets);
    const half = v128.load64_splat(offsets, 8);
    for (let lane: usize = 0; lane < LANES; lane += 16) {
      v128.store(logs + lane, f64x2.sub(offset, f64x2.mul(half, v128.load(logs + lane))));
    }
  }
}

/** Labels and values of a block of a group, and its weighted responsibilities in place of the logarithms. */
function respond(state: usize, row: u32, from: u32): void {
  const k = load<u32>(state, K);
  const temperature = load<f64>(state, TEMPERATURE);
  const likelihood: usize = load<u32>(state, LIKELIHOOD);
  const weights: usize = load<u32>(state, BLOCK_WEIGHTS) + (from << 3);
  const logs: usize = load<u32>(state, LOGS) + from * (k << 3);
  const labels: usize = load<u32>(state, LABELS) + ((row + from) << 2);
  const values: usize = load<u32>(state, VALUES) + ((row + from) << 3);
  const one = i64x2.splat(1);
  for (let lane: usize = 0; lane < LANES; lane += 16) {
    const first = logs + lane;
    const end = first + (k << 6);
    let best = f64x2.splat(-Infinity);
    let label = i64x2.splat(0);
    let c = label;
    for (let at = first; at < end; at += LANES) {
      const value = v128.load(at);
      const better = f64x2.gt(value, best);
      best = v128.bitselect(value, best, better);
      label = v128.bitselect(c, label, better);
      c = i64x2.add(c, one);
    }
    v128.store64_lane(labels + (lane >> 1), v128.shuffle<i32>(label, label, 0, 2, 0, 2), 0);
    const weight = v128.load(weights + lane);
    const value =
      temperature === 0 ? harden(first, end, best, label, weight) : soften(first, end, best, temperature, weight);
    v128.store(values + lane, value);
    v128.store(likelihood, f64x2.add(v128.load(likelihood), f64x2.mul(weight, value)));
  }
}

/** All of a row to its label. */
function harden(at: usize, end: usize, best: v128, label: v128, weight: v128): v128 {
  const one = i64x2.splat(1);
  let c = i64x2.splat(0);
  for (; at < end; at += LANES) {
    v128.store(at, v128.and(weight, i64x2.eq(c, label)));
    c = i64x2.add(c, one);
  }
  return best;
}

/** Shares ∝ (π·p)^(1/T); returns T·log Σ (π·p)^(1/T). */
function soften(first: usize, end: usize, best: v128, temperature: f64, weight: v128): v128 {
  const inverse = f64x2.splat(1 / temperature);
  let sum = f64x2.splat(0);
  for (let at = first; at < end; at += LANES) {
    const power = exp(f64x2.mul(f64x2.sub(v128.load(at), best), inverse));
    v128.store(at, power);
    sum = f64x2.add(sum, power);
  }
  const factor = f64x2.div(weight, sum);
  for (let at = first; at < end; at += LANES) v128.store(at, f64x2.mul(v128.load(at), factor));
  return f64x2.add(best, f64x2.mul(f64x2.splat(temperature), log(sum)));
}

function addMoments(state: usize, count: u32): void {
  const shape = load<u32>(state, SHAPE);
  if (shape === OWN) addOwn(state, count, load<u32>(state, GROUP));
  else if (shape === SHARED) addShared(state);
  else if (shape === POOLED) addPooled(state);
  else addDiagonals(state);
}

function addDiagonals(state: usize): void {
  const d = load<u32>(state, D);
  const block: usize = load<u32>(state, BLOCK_ROWS);
  let responsibilities: usize = load<u32>(state, LOGS);
  let count: usize = load<u32>(state, COUNTS);
  let mean: usize = load<u32>(state, MEANS);
  let sums: usize = load<u32>(state, SUMS);
  for (const end = responsibilities + (load<u32>(state, K) << 6); responsibilities < end; responsibilities += LANES) {
    if (tally(responsibilities, count)) addAxes(block, d, mean, responsibilities, sums);
    count += 16;
    mean += (<usize>d) << 4;
    sums += (<usize>d) << 5;
  }
}

function addShared(state: usize): void {
  const width = widthOf(load<u32>(state, D));
  const rows: usize = load<u32>(state, WHITENED);
  const roots: usize = load<u32>(state, ROOTS);
  const scaled: usize = load<u32>(state, SCALED);
  const squares: usize = load<u32>(state, SQUARES);
  // What y is moved by: (m − m₀)·U.
  let shift = <usize>load<u32>(state, MEANS) + width;
  let responsibilities: usize = load<u32>(state, LOGS);
  let count: usize = load<u32>(state, COUNTS);
  let sums: usize = load<u32>(state, SUMS);
  for (const end = responsibilities + (load<u32>(state, K) << 6); responsibilities < end; responsibilities += LANES) {
    if (tally(responsibilities, count)) {
      const taken = scale(rows, width, shift, responsibilities, roots, scaled);
      addScaled(scaled, roots, taken, width, sums);
      addProducts(scaled, taken, width, squares);
    }
    count += 16;
    sums += width;
    shift += width;
  }
}

function addPooled(state: usize): void {
  const d = load<u32>(state, D);
  const k = load<u32>(state, K);
  const width = widthOf(d);
  const block: usize = load<u32>(state, BLOCK_ROWS);
  const logs: usize = load<u32>(state, LOGS);
  const weights: usize = load<u32>(state, BLOCK_WEIGHTS);
  const scaled: usize = load<u32>(state, SCALED);
  const columns = <usize>load<u32>(state, MEANS) + width;
  let shift = columns + <usize>k * width;
  let count: usize = load<u32>(state, COUNTS);
  let sums: usize = load<u32>(state, SUMS);
  for (let responsibilities = logs, end = logs + (k << 6); responsibilities < end; responsibilities += LANES) {
    if (tally(responsibilities, count)) addSums(block, d, shift, responsibilities, sums);
    count += 16;
    shift += (<usize>d) << 4;
    sums += (<usize>d) << 4;
  }
  divideByRoots(weights, logs, k);
  average(load<u32>(state, WHITENED), width, weights, logs, k, columns, scaled);
  addProducts(scaled, BLOCK, width, load<u32>(state, SQUARES));
  addPairs(logs, k, load<u32>(state, PAIRS));
}
