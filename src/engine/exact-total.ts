import { roundedMultiple } from './fixed.ts';

/** The digits are multiples of 2^-960, of 2^-928, and so on: [DIGITS], of 32 bits each but for the highest. */
const DIGITS = 63;
const LOWEST = -960;
/** The highest has no unit: no float64 reaches it, only sums do. */
const UNITS = Float64Array.from({ length: DIGITS - 1 }, (_, i) => 2 ** (32 * i + LOWEST));
/** So many values add up to less than 2^53 in each digit. */
const ROOM = 2 ** 20;

/** Bits of a window, and values of so many bits that add up to less than 2^53 units. */
const WINDOW = 43;
export const MOST_AT_ONCE = 2 ** 9;

/** Between these, the windows' units and what rounds to them are numbers. */
const LEAST_OF_WINDOW = 2 ** -800;
const LARGEST_OF_WINDOW = 2 ** 990;

const number = new Float64Array(1);
const words = new Uint32Array(number.buffer);

/**
 * The sum of float64 values without rounding: neither their order nor who added them shows in it (a superaccumulator, as
 * in Neal 2015). Bits of a value below 2^-960 are left out.
 */
export class ExactTotal {
  readonly #digits = new Float64Array(DIGITS);
  /** Values that it may still take before the digits have to be carried. */
  #room = ROOM;

  /** Adds a value, +∞ perhaps. */
  add(value: number): void {
    const digits = this.#takeIn();
    number[0] = value;
    const exponent = ((words[1] >>> 20) & 0x7ff) - 1023;
    if (value === Infinity) {
      digits[DIGITS - 1] = value;
      return;
    }
    for (let left = value, at = (exponent - LOWEST) >> 5; left !== 0 && at >= 0; at--) {
      const digit = Math.trunc(left / UNITS[at]);
      digits[at] += digit;
      left -= digit * UNITS[at];
    }
  }

  /**
   * Adds the first `count` values, at most {@link MOST_AT_ONCE} and none of them negative, of which the largest is known:
   * many of about one size cost little more than plain additions.
   */
  addAll(values: Float64Array, count: number, largest: number): void {
    if (largest < LEAST_OF_WINDOW || largest > LARGEST_OF_WINDOW) {
      for (let i = 0; i < count; i++) this.add(values[i]);
      return;
    }
    // Two windows of 43 bits behind one another: what is added to 1.5·2^52 units and taken away again is whole units.
    const coarse = 1.5 * 2 ** 52 * 2 ** (Math.ceil(Math.log2(largest)) - WINDOW);
    const fine = coarse * 2 ** -WINDOW;
    let sum = 0;
    let fineSum = 0;
    for (let i = 0; i < count; i++) {
      const whole = values[i] + coarse - coarse;
      const rest = values[i] - whole;
      const wholeOfRest = rest + fine - fine;
      sum += whole;
      fineSum += wholeOfRest;
      if (rest !== wholeOfRest) this.add(rest - wholeOfRest);
    }
    this.add(sum);
    this.add(fineSum);
  }

  /** Its digits, carried: equal for equal sums, and all that `merge` needs. They remain its own. */
  digits(): Float64Array {
    return this.#carry();
  }

  /** Adds the digits of another sum. */
  merge(digits: Float64Array): void {
    const own = this.#takeIn();
    for (let at = 0; at < DIGITS; at++) own[at] += digits[at];
  }

  /** The sum, rounded once. */
  value(): number {
    const digits = this.#carry();
    if (digits[DIGITS - 1] === Infinity) return Infinity;
    // Only between the ends of what is there: integers without limits cost more than all of the rest.
    let lowest = 0;
    let highest = DIGITS - 1;
    while (digits[lowest] === 0) lowest++;
    while (digits[highest] === 0) highest--;
    let sum = 0n;
    for (let at = highest; at >= lowest; at--) sum = (sum << 32n) + BigInt(digits[at]);
    return roundedMultiple(sum, LOWEST + 32 * lowest);
  }

  /** The digits, with room for what each of them may get. */
  #takeIn(): Float64Array {
    return this.#room-- === 0 ? this.#carry() : this.#digits;
  }

  /** The digits, all but the highest in [0, 2^32). */
  #carry(): Float64Array {
    const digits = this.#digits;
    for (let at = 0; at < DIGITS - 1; at++) {
      const carried = Math.floor(digits[at] / 2 ** 32);
      digits[at] -= carried * 2 ** 32;
      digits[at + 1] += carried;
    }
    this.#room = ROOM;
    return digits;
  }
}
