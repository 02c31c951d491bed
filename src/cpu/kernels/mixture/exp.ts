/** Exponentials and logarithms of two float64 side by side, for log-sum-exp. */

/** 1.5·2^52: what is added to it is rounded to an integer, which the last bits then hold. */
const MAGIC: f64 = 6755399441055744;
/** log 2 in two parts; multiples of the first, of 40 bits, by exponents are exact. */
const LN2_HIGH: f64 = 0.6931471805592082;
const LN2_LOW: f64 = 7.371002565167799e-13;
/** 2^52: its last bits hold an integer too. */
const TWO_52: f64 = 4503599627370496;
/** Below it e^x counts as 0: from here on float64 would lose digits, and time. */
const LEAST: f64 = -708;

/**
 * e^x for x ≤ 0, 0 for NaN: within 2^-52 of the true value, relative to it, down to e^-708, and 0 below. With
 * x = m·log 2 + r it is 2^m·e^r; of e^r, 1 + r + r²·q(r) with q of degree 9 lacks 2e-17.
 */
export function exp(x: v128): v128 {
  const moved = f64x2.add(f64x2.mul(x, f64x2.splat(Math.LOG2E)), f64x2.splat(MAGIC));
  const m = f64x2.sub(moved, f64x2.splat(MAGIC));
  const high = f64x2.sub(x, f64x2.mul(m, f64x2.splat(LN2_HIGH)));
  const r = f64x2.sub(high, f64x2.mul(m, f64x2.splat(LN2_LOW)));
  let q = f64x2.splat(2.5100472505694996e-8);
  q = f64x2.add(f64x2.mul(q, r), f64x2.splat(2.7620201591031547e-7));
  q = f64x2.add(f64x2.mul(q, r), f64x2.splat(2.7557268276905696e-6));
  q = f64x2.add(f64x2.mul(q, r), f64x2.splat(2.4801521057868204e-5));
  q = f64x2.add(f64x2.mul(q, r), f64x2.splat(1.9841269863171557e-4));
  q = f64x2.add(f64x2.mul(q, r), f64x2.splat(1.3888888917367081e-3));
  q = f64x2.add(f64x2.mul(q, r), f64x2.splat(8.333333333330039e-3));
  q = f64x2.add(f64x2.mul(q, r), f64x2.splat(4.1666666666623824e-2));
  q = f64x2.add(f64x2.mul(q, r), f64x2.splat(0.16666666666666669));
  q = f64x2.add(f64x2.mul(q, r), f64x2.splat(0.5));
  const power = f64x2.add(f64x2.add(r, f64x2.mul(f64x2.mul(r, r), q)), f64x2.splat(1));
  const scaled = i64x2.add(power, i64x2.shl(moved, 52));
  return v128.and(scaled, f64x2.ge(x, f64x2.splat(LEAST)));
}

/**
 * log x for x ≥ 1, normal: within 2^-52 of the true value, relative to it. With x = 2^e·m, m in [√½, √2), and
 * s = (m − 1)/(m + 1) it is e·log 2 + 2·artanh s; of that 2s + s³·p(s²) with p of degree 6 lacks 4e-18.
 */
export function log(x: v128): v128 {
  const e = i64x2.shr_u(i64x2.sub(x, f64x2.splat(Math.SQRT1_2)), 52);
  const m = i64x2.sub(x, i64x2.shl(e, 52));
  const large = f64x2.splat(TWO_52);
  const exponent = f64x2.sub(v128.or(e, large), large);
  const f = f64x2.sub(m, f64x2.splat(1));
  const s = f64x2.div(f, f64x2.add(f, f64x2.splat(2)));
  const z = f64x2.mul(s, s);
  let p = f64x2.splat(0.14617807153417325);
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(0.15331611722055008));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(0.1818289243253687));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(0.22222211089379496));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(0.28571428626253836));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(0.3999999999989889));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(0.666666666666667));
  const rest = f64x2.add(f64x2.mul(f64x2.mul(z, s), p), f64x2.mul(exponent, f64x2.splat(LN2_LOW)));
  const log = f64x2.add(f64x2.add(s, s), rest);
  return f64x2.add(f64x2.mul(exponent, f64x2.splat(LN2_HIGH)), log);
}
