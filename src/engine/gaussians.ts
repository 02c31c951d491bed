/**
 * Where U of a Gaussian lies: `'own'` is an upper triangular matrix for each component [k, d, d], `'shared'` one for all
 * of them [d, d], `'axes'` a diagonal for each [k, d].
 */
export type GaussiansShape = 'own' | 'shared' | 'axes';

/**
 * Weighted Gaussians in the frame of a dataset, ready for an E-step: with y = (x − m)·U,
 * log(π·p(x)) = offset − ½·sharpness·‖y‖². The precision matrix is sharpness·U·Uᵀ.
 *
 * Where all features have one variance, U is 1 and the sharpness has it: distances that are equal stay equal, as in
 * k-means, which this is at temperature 0.
 */
export interface Gaussians {
  readonly k: number;
  readonly d: number;
  readonly shape: GaussiansShape;
  /** m: [k, d]. */
  readonly means: Float64Array;
  /** U, laid out as `shape` says. */
  readonly factors: Float64Array;
  /** [k] */
  readonly sharpness: Float64Array;
  /** log π + ½·log|precision| − d/2·log 2π: [k]; −Infinity for a component that has no weight. */
  readonly offsets: Float64Array;
}

/**
 * log(π_c·p_c(x)) of one row under all components, in float64 and in the frame that the Gaussians are in: [k]. For rows
 * that an engine's numbers do not reach: nothing overflows on the way to a value that does not. One that does is −Infinity.
 */
export function logDensitiesAt(gaussians: Gaussians, row: ArrayLike<number>): Float64Array {
  const { k, d, means, sharpness, offsets } = gaussians;
  const logs = new Float64Array(k);
  const difference = new Float64Array(d);
  for (let c = 0; c < k; c++) {
    let reach = 0;
    for (let j = 0; j < d; j++) {
      difference[j] = row[j] - means[c * d + j];
      reach = Math.max(reach, Math.abs(difference[j]));
    }
    // A power of two: what is equally far stays so.
    const unit = reach > 0 ? 2 ** Math.floor(Math.log2(reach)) : 1;
    for (let j = 0; j < d; j++) difference[j] /= unit;
    logs[c] = offsets[c] - 0.5 * sharpness[c] * squaredLength(gaussians, c, difference) * unit * unit;
  }
  return logs;
}

/** ‖x·U‖² with U that of component c. */
export function squaredLength({ d, shape, factors }: Gaussians, c: number, x: Float64Array): number {
  if (shape === 'axes') return squaresOfAxes(x, factors, c * d);
  return squaresOfMatrix(x, factors, shape === 'own' ? c * d * d : 0);
}

/** ‖x·U‖² with U the diagonal [d] at `from`. */
function squaresOfAxes(x: Float64Array, factors: Float64Array, from: number): number {
  let sum = 0;
  for (let j = 0; j < x.length; j++) sum += (x[j] * factors[from + j]) ** 2;
  return sum;
}

/** ‖x·U‖² with U the upper triangular [d, d] at `from`. */
function squaresOfMatrix(x: Float64Array, factors: Float64Array, from: number): number {
  const d = x.length;
  let sum = 0;
  for (let j = 0; j < d; j++) {
    let y = 0;
    for (let i = 0; i <= j; i++) y += x[i] * factors[from + i * d + j];
    sum += y * y;
  }
  return sum;
}

/** What a mixture says of one row. */
export interface Answer {
  /** The component of the largest π·p, the lowest index of equals. */
  readonly label: number;
  /** T·log Σ (π·p)^(1/T); −Infinity beyond float64. */
  readonly value: number;
  /** Responsibilities at that temperature: [k]. */
  readonly responsibilities: Float64Array;
}

/** Squares of distances shrunk by it fit into float64, however far a row lies. */
const SHRINK = 2 ** -400;

/** The answer of a row, in float64 and in the frame that the Gaussians are in: for rows that an engine does not reach. */
export function answerAt(gaussians: Gaussians, row: ArrayLike<number>, temperature: number): Answer {
  const logs = logDensitiesAt(gaussians, row);
  const largest = largestOf(logs);
  const comparable = largest === -Infinity ? shrunkLogs(gaussians, row) : logs;
  const best = largestOf(comparable);
  const label = comparable.indexOf(best);
  if (temperature === 0) return { label, value: largest, responsibilities: logs.map((_, c) => (c === label ? 1 : 0)) };
  const powers = comparable.map((log) => Math.exp((log - best) / temperature));
  const sum = powers.reduce((a, b) => a + b);
  return { label, value: largest + temperature * Math.log(sum), responsibilities: powers.map((power) => power / sum) };
}

/** Their order is that of the logarithms, and but for equal ones they are as far apart as exponentials can tell. */
function shrunkLogs(gaussians: Gaussians, row: ArrayLike<number>): Float64Array {
  const offsets = gaussians.offsets.map((offset) => (offset === -Infinity ? offset : 0));
  const factors = gaussians.factors.map((factor) => factor * SHRINK);
  const logs = logDensitiesAt({ ...gaussians, offsets, factors }, row);
  const best = largestOf(logs);
  return logs.map((log) => (log === best ? 0 : -Infinity));
}

function largestOf(values: Float64Array): number {
  return values.reduce((a, b) => Math.max(a, b));
}
