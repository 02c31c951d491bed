/**
 * The M-step where sums are float32: S2/S0 − δδᵀ loses the digits of a covariance where a mean moves far, and a covariance
 * keeps those of its narrow directions only in coordinates in which it is about round. Where the moments in hand are not
 * good enough, the engine is asked for others, weighed by the same responsibilities: about the means that these led to, or
 * whitened by the covariances that these led to.
 */
import type { MixtureWorkspace } from '../engine/contract.ts';
import { type Gaussians, squaredLength } from '../engine/gaussians.ts';
import type { MixtureStatistics } from '../engine/statistics.ts';
import { resultOf, type Steps } from '../steps.ts';
import { maximize, type Update, type UpdateRules } from './maximize.ts';
import { type Parameters, toGaussians } from './parameters.ts';

/** Coordinates that hold the squares, then the means, then the covariances. */
const MOST_PASSES = 3;
/** A mean that moves by more of its new deviations than this costs more digits than the bounds on a step allow. */
const FAR = 1.5;
/** A conditional variance below this share of its feature's, in the coordinates in use, does too. */
const NARROW = 1 / 16;
/** Mean squares beyond it may have overflown in the sums. */
const LARGEST_SQUARE = 2 ** 100;

/** `maximize`, with better moments where those at hand are not good enough and the engine has others. */
export function* maximizeFrom(
  workspace: MixtureWorkspace,
  statistics: MixtureStatistics,
  previous: Parameters,
  rules: UpdateRules,
  temperature: number,
): Steps<Update> {
  let update = yield* maximize(statistics, previous, rules, temperature);
  let moments = statistics;
  for (let pass = 0; pass < MOST_PASSES && workspace.moments !== undefined; pass++) {
    const about = yield* betterThan(moments, update);
    if (about === null) break;
    moments = yield* resultOf(workspace.moments(about));
    update = yield* maximize(moments, previous, rules, temperature);
  }
  return update;
}

/** What the moments should be about instead; null where they are good enough. */
function* betterThan(moments: MixtureStatistics, { parameters, empty }: Update): Steps<Gaussians | null> {
  const { used } = moments;
  if (overflows(moments)) return { ...used, factors: plainFactors(used) };
  const next = toGaussians(parameters);
  const living = Array.from({ length: next.k }, (_, c) => c).filter((c) => !empty.includes(c));
  const means = used.means.slice();
  for (const c of living) means.set(next.means.subarray(c * next.d, (c + 1) * next.d), c * next.d);
  const about = { ...used, means };
  for (const c of living) {
    if (moves(used.means, next, c)) return about;
    yield;
  }
  if (next.shape === 'axes') return null;
  const matrices = next.shape === 'own' ? living : [0];
  for (const matrix of matrices) {
    if (yield* isNarrow(used, next, matrix)) return { ...about, factors: next.factors };
  }
  return null;
}

function overflows({ used: { k, d, shape }, counts, sums, squares }: MixtureStatistics): boolean {
  const isLarge = (values: Float64Array, c: number, size: number, limit: number) =>
    values.subarray(c * size, (c + 1) * size).some((value) => !(Math.abs(value) <= limit * counts[c]));
  if (shape === 'shared' && !squares.every((value) => Math.abs(value) <= LARGEST_SQUARE * sumOf(counts))) return true;
  const size = { own: d * d, shared: 0, axes: d }[shape];
  return Array.from({ length: k }, (_, c) => c).some(
    (c) => counts[c] > 0 && (isLarge(sums, c, d, Infinity) || isLarge(squares, c, size, LARGEST_SQUARE)),
  );
}

function sumOf(values: Float64Array): number {
  return values.reduce((a, b) => a + b, 0);
}

/** 1: the frame's own coordinates, in which no square is too large. */
function plainFactors({ d, shape, factors }: Gaussians): Float64Array {
  return factors.map((_, at) => (shape === 'axes' || Math.floor(at / d) % d === at % d ? 1 : 0));
}

/** Whether a component is far from where it was, in its new deviations. */
function moves(before: Float64Array, next: Gaussians, c: number): boolean {
  const { d, means, sharpness } = next;
  const shift = Float64Array.from({ length: d }, (_, j) => means[c * d + j] - before[c * d + j]);
  return !(sharpness[c] * squaredLength(next, c, shift) <= FAR ** 2);
}

/** Whether the covariance of `next` is narrow in the coordinates of `used`: there its factor is (U'⁻¹·U)ᵀ. */
function* isNarrow(used: Gaussians, next: Gaussians, matrix: number): Steps<boolean> {
  const { d } = used;
  const from = matrix * d * d;
  const column = new Float64Array(d);
  for (let j = 0; j < d; j++) {
    let variance = 0;
    for (let i = j; i >= 0; i--) {
      let sum = used.factors[from + i * d + j];
      for (let t = i + 1; t <= j; t++) sum -= next.factors[from + i * d + t] * column[t];
      column[i] = sum / next.factors[from + i * d + i];
      variance += column[i] ** 2;
    }
    if (!(column[j] ** 2 >= NARROW * variance)) return true;
    yield;
  }
  return false;
}
