/** The optimal clustering of numbers: every cluster is an interval of them, so that dynamic programming finds it. */

/** 2^27 + 1, which splits a float64 into two halves of 26 bits (Dekker 1971). */
const SPLITTER = 134217729;
/** Where rounding may cost more than this share of the inertia, costs are computed in twice the digits. */
const TOLERATED = 1e-10;
/** What rounding does to a cost, at most, beside the weight of all values: a few units of 2^-53. */
const ROUNDING = 10 * 2 ** -53;

/** Of a scale: its power of two has an inverse, and so have sums of many. */
const LARGEST_EXPONENT = 900;

/** What values of indices first to last, both included, cost as one cluster: Σ w·(x − mean)². */
type Cost = (first: number, last: number) => number;

/**
 * The first value of each of k intervals of least Σ w·(x − mean)² (Wang and Song 2011), in O(k·n·log n): where the last of
 * so many intervals begins never falls as more values come, which divides each round (Grønlund et al. 2017). Of equal
 * clusterings the one whose last intervals begin last.
 *
 * @param values ascending, distinct, at least k
 * @param weights positive
 */
export function bestIntervals(values: Float64Array, weights: Float64Array, k: number): Uint32Array {
  const sums = new PrefixSums(values, weights);
  const { starts, inertia } = divide(values.length, k, sums.cost());
  if (k * ROUNDING * sums.total <= TOLERATED * inertia) return starts;
  return divide(values.length, k, sums.preciseCost).starts;
}

function divide(n: number, k: number, cost: Cost): { readonly starts: Uint32Array; readonly inertia: number } {
  let least = Float64Array.from({ length: n }, (_, last) => cost(0, last));
  /** Where the last interval begins, of so many intervals, of the values up to each. */
  const begins: Uint32Array[] = [];
  for (let q = 1; q < k; q++) {
    const before = least;
    const begin = new Uint32Array(n);
    least = new Float64Array(n);
    const find = (last: number, low: number, high: number) => {
      const end = Math.min(last, high);
      let best = Infinity;
      for (let first = Math.max(q, low); first <= end; first++) {
        const rest = before[first - 1];
        // More values cost no less.
        if (rest > best) break;
        const sum = rest + cost(first, last);
        if (sum > best) continue;
        best = sum;
        begin[last] = first;
      }
      least[last] = best;
    };
    const findAll = (start: number, end: number, low: number, high: number): void => {
      if (start > end) return;
      const middle = (start + end) >> 1;
      find(middle, low, high);
      findAll(start, middle - 1, low, begin[middle]);
      findAll(middle + 1, end, begin[middle], high);
    };
    // Of all intervals only the last value is asked for.
    if (q === k - 1) find(n - 1, q, n - 1);
    else findAll(q, n - 1, q, n - 1);
    begins.push(begin);
  }
  const starts = new Uint32Array(k);
  for (let q = k - 1, last = n - 1; q > 0; q--) {
    starts[q] = begins[q - 1][last];
    last = starts[q] - 1;
  }
  return { starts, inertia: least[n - 1] };
}

/** Σw, Σw·x and Σw·x² of the values before each, about a shift that takes no bit from them, |x| at most 1; in twice the digits. */
class PrefixSums {
  readonly #weights: TwoFold;
  readonly #sums: TwoFold;
  readonly #squares: TwoFold;
  /** Σw */
  readonly total: number;

  constructor(values: Float64Array, weights: Float64Array) {
    const n = values.length;
    const [low, high] = [values[0], values[n - 1]];
    // Values so far from zero are within a factor of 2 of one another, and their differences exact.
    const shift = Math.max(-low, high) > 2 * (high - low) ? low : 0;
    const reach = Math.max(Math.abs(low - shift), Math.abs(high - shift));
    // Of the least numbers there are, squares vanish whatever the scale.
    const scale = 2 ** Math.min(LARGEST_EXPONENT, -Math.ceil(Math.log2(reach)));
    this.#weights = new TwoFold(n);
    this.#sums = new TwoFold(n);
    this.#squares = new TwoFold(n);
    for (let i = 0; i < n; i++) {
      const x = (values[i] - shift) * scale;
      const w = weights[i];
      const weighted = w * x;
      const rest = productError(w, x, weighted);
      this.#weights.push(i, w, 0);
      this.#sums.push(i, weighted, rest);
      this.#squares.push(i, weighted * x, productError(weighted, x, weighted * x) + rest * x);
    }
    this.total = this.#weights.high[n];
  }

  /** As the sums are rounded. */
  cost(): Cost {
    const [w, s, q] = [this.#weights.high, this.#sums.high, this.#squares.high];
    return (first, last) => {
      const sum = s[last + 1] - s[first];
      const cost = q[last + 1] - q[first] - (sum * sum) / (w[last + 1] - w[first]);
      return cost > 0 ? cost : 0;
    };
  }

  /** About the mean m that float64 has: Σw·x² − m·(s + r) − r²/Σw, where s = Σw·x and r = s − m·Σw. */
  readonly preciseCost: Cost = (first, last) => {
    const [w, wRest] = this.#weights.between(first, last + 1);
    const [s, sRest] = this.#sums.between(first, last + 1);
    const [q, qRest] = this.#squares.between(first, last + 1);
    const m = s / w;
    const product = m * w;
    const r = s - product + (sRest - productError(m, w, product) - m * wRest);
    const square = m * s;
    const rest = qRest - productError(m, s, square) - m * sRest - m * r - (r * r) / w;
    return Math.max(0, q - square + rest);
  };
}

/** Prefix sums, each of them two float64: the sum as it is rounded, and the rest. */
class TwoFold {
  readonly high: Float64Array;
  readonly #rest: Float64Array;

  constructor(n: number) {
    this.high = new Float64Array(n + 1);
    this.#rest = new Float64Array(n + 1);
  }

  push(i: number, value: number, rest: number): void {
    const sum = this.high[i] + value;
    this.high[i + 1] = sum;
    this.#rest[i + 1] = this.#rest[i] + sumError(this.high[i], value, sum) + rest;
  }

  /** What was pushed from one index up to another. */
  between(start: number, end: number): readonly [sum: number, rest: number] {
    const sum = this.high[end] - this.high[start];
    return [sum, sumError(this.high[end], -this.high[start], sum) + (this.#rest[end] - this.#rest[start])];
  }
}

/** What rounding took from a sum (Dekker 1971, in the form that needs no order). */
function sumError(a: number, b: number, sum: number): number {
  const ofB = sum - a;
  return a - (sum - ofB) + (b - ofB);
}

/** What rounding took from a product (Dekker 1971). */
function productError(a: number, b: number, product: number): number {
  const aHigh = highHalf(a);
  const bHigh = highHalf(b);
  const [aLow, bLow] = [a - aHigh, b - bHigh];
  return aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow;
}

function highHalf(value: number): number {
  const far = SPLITTER * value;
  return far - (far - value);
}
