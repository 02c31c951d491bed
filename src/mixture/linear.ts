/** Float64 linear algebra on small square matrices, row-major [d, d] (Golub and Van Loan 2013, sections 3.1 and 4.2). */

/** Of a matrix whose pivots are what rounding left of nothing there is no factor. */
const LOST_DIGITS = 2 ** -50;

/** L with A = L·Lᵀ, lower triangular; null where A is not positive definite, or only by rounding. */
export function cholesky(a: Float64Array, d: number): Float64Array | null {
  const l = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * d + j];
      for (let t = 0; t < j; t++) sum -= l[i * d + t] * l[j * d + t];
      if (i !== j) l[i * d + j] = sum / l[j * d + j];
      // Not "at most": NaN is no pivot either.
      else if (sum > LOST_DIGITS * a[i * d + i] && sum < Infinity) l[i * d + i] = Math.sqrt(sum);
      else return null;
    }
  }
  return l;
}

/** U = L⁻ᵀ of a lower triangular L: upper triangular, with (L·Lᵀ)⁻¹ = U·Uᵀ. */
export function inverseTranspose(l: Float64Array, d: number): Float64Array {
  const u = new Float64Array(d * d);
  // Row j of U is column j of L⁻¹: forward substitution, with row operations only.
  for (let j = 0; j < d; j++) {
    const row = u.subarray(j * d, (j + 1) * d);
    row[j] = 1 / l[j * d + j];
    for (let i = j + 1; i < d; i++) {
      let sum = 0;
      for (let t = j; t < i; t++) sum -= l[i * d + t] * row[t];
      row[i] = sum / l[i * d + i];
    }
  }
  return u;
}

/** Aᵀ. */
export function transpose(a: Float64Array, d: number): Float64Array {
  const t = new Float64Array(d * d);
  for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) t[j * d + i] = a[i * d + j];
  return t;
}

/** L·C·Lᵀ of a lower triangular L and a symmetric C. */
export function congruence(l: Float64Array, c: Float64Array, d: number): Float64Array {
  const half = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let t = 0; t <= i; t++) {
      const factor = l[i * d + t];
      for (let j = 0; j < d; j++) half[i * d + j] += factor * c[t * d + j];
    }
  }
  const result = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let t = 0; t <= j; t++) sum += half[i * d + t] * l[j * d + t];
      result[i * d + j] = sum;
      result[j * d + i] = sum;
    }
  }
  return result;
}
