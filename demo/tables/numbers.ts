/** Numbers from bytes, without a string in between. */

const POWERS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
const [SPACE, PLUS, COMMA, MINUS, POINT, ZERO] = [32, 43, 44, 45, 46, 48];

const ascii = new TextDecoder('latin1');

/** Where the number read last ends. */
export let numberEnd = 0;

/**
 * The number that begins at `at`, correctly rounded, or NaN where none does. Bytes behind it must not be digits: a line end
 * will do.
 *
 * @param decimal byte before the fraction
 */
export function readNumber(bytes: Uint8Array, at: number, decimal: number): number {
  let p = at;
  let c = bytes[p];
  const isNegative = c === MINUS;
  if (isNegative || c === PLUS) c = bytes[++p];
  const first = p;
  // Exact below 2^53; rounded above, which never falls below again.
  let mantissa = 0;
  let digit = c - ZERO;
  while (digit >= 0 && digit <= 9) {
    mantissa = mantissa * 10 + digit;
    digit = bytes[++p] - ZERO;
  }
  let digits = p - first;
  let exponent = 0;
  if (bytes[p] === decimal) {
    const start = ++p;
    digit = bytes[p] - ZERO;
    while (digit >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit;
      digit = bytes[++p] - ZERO;
    }
    exponent = start - p;
    digits -= exponent;
  }
  numberEnd = p;
  if (digits === 0) return Number.NaN;
  if ((bytes[p] | 32) === 101 /* e */) {
    let q = p + 1;
    const sign = bytes[q] === MINUS ? -1 : 1;
    if (sign < 0 || bytes[q] === PLUS) q++;
    const start = q;
    let power = 0;
    digit = bytes[q] - ZERO;
    while (digit >= 0 && digit <= 9) {
      if (power < 1e6) power = power * 10 + digit;
      digit = bytes[++q] - ZERO;
    }
    if (q > start) {
      exponent += sign * power;
      numberEnd = q;
    }
  }
  // Both exact, one rounding (Clinger 1990).
  if (mantissa < 2 ** 53 && exponent >= -22 && exponent <= 22) {
    const value = exponent < 0 ? mantissa / POWERS[-exponent] : mantissa * POWERS[exponent];
    return isNegative ? -value : value;
  }
  return Number(ascii.decode(bytes.subarray(at, numberEnd)).replace(',', '.'));
}

/** Thousands in groups: no number without fraction is written so by chance where there are two commas. */
const GROUPED = { '.': /^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?$/, ',': /^[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d*)?$/ } as const;
const PLAIN = { '.': /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i, ',': /^[+-]?(\d+,?\d*|,\d+)(e[+-]?\d+)?$/i } as const;

export type Decimal = keyof typeof PLAIN;

export function isNumber(text: string, decimal: Decimal = '.'): boolean {
  return PLAIN[decimal].test(text);
}

/** @returns the numbers that all of the texts are, where it is certain how they are meant; else null. */
export function numbersOf(texts: readonly string[], delimiter: string | null): number[] | null {
  if (texts.every((text) => isNumber(text))) return texts.map(Number);
  if (texts.every((text) => GROUPED['.'].test(text) || isNumber(text))) {
    // "1,234" alone may be a fraction; where commas part values it would have to be one of three digits each time.
    const isCertain = delimiter === ',' || texts.some((text) => /,.*[,.]/.test(text));
    if (isCertain) return texts.map((text) => Number(text.replaceAll(',', '')));
  }
  if (texts.every((text) => isNumber(text, ','))) return texts.map((text) => Number(text.replace(',', '.')));
  if (
    texts.every((text) => GROUPED[','].test(text) || isNumber(text, ',')) &&
    texts.some((text) => /\..*[.,]/.test(text))
  ) {
    return texts.map((text) => Number(text.replaceAll('.', '').replace(',', '.')));
  }
  return null;
}

/** The byte, past spaces. */
export function skipSpaces(bytes: Uint8Array, at: number): number {
  let p = at;
  while (bytes[p] === SPACE) p++;
  return p;
}

export const byteOf = { '.': POINT, ',': COMMA } as const;
