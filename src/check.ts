/** A whole number of at least `low`, or the error that says so. */
export function checkInteger(name: string, value: unknown, low: number): number {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, got ${kindOf(value)}`);
  if (!Number.isSafeInteger(value) || value < low) {
    throw new RangeError(`${name} must be an integer of at least ${low}, got ${value}`);
  }
  return value;
}

/** A finite number that is not negative. */
export function checkNotNegative(name: string, value: unknown): number {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, got ${kindOf(value)}`);
  if (!(value >= 0 && value < Infinity)) throw new RangeError(`${name} must be finite and not negative, got ${value}`);
  return value;
}

/** One of the words that an option knows. */
export function checkWord<T extends string>(name: string, value: unknown, words: readonly T[]): T {
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string, got ${kindOf(value)}`);
  if (!(words as readonly string[]).includes(value)) {
    throw new RangeError(`${name} must be one of ${words.map((word) => `'${word}'`).join(', ')}, got '${value}'`);
  }
  return value as T;
}

/** An AbortSignal or nothing. */
export function checkSignal(value: unknown): AbortSignal | undefined {
  if (value === undefined) return undefined;
  if (typeof (value as AbortSignal | null)?.throwIfAborted !== 'function') {
    throw new TypeError(`signal must be an AbortSignal, got ${kindOf(value)}`);
  }
  return value as AbortSignal;
}

/** A function or nothing. */
export function checkFunction<T>(name: string, value: T | undefined): T | undefined {
  if (value === undefined || typeof value === 'function') return value;
  throw new TypeError(`${name} must be a function, got ${kindOf(value)}`);
}

/** An options object; leaving it out is the same as an empty one. */
export function checkOptions<T extends object>(options: T | undefined): T {
  if (options === undefined) return {} as T;
  if (options === null || typeof options !== 'object') {
    throw new TypeError(`options must be an object, got ${kindOf(options)}`);
  }
  return options;
}

/** So many finite numbers, copied. */
export function readNumbers(name: string, values: unknown, length: number): Float64Array {
  if (!Array.isArray(values) && !(ArrayBuffer.isView(values) && 'length' in values)) {
    throw new TypeError(`${name} must be an array, got ${kindOf(values)}`);
  }
  const numbers = values as ArrayLike<unknown>;
  if (numbers.length !== length) throw new RangeError(`${name} has ${numbers.length} values, ${length} are needed`);
  return Float64Array.from(numbers, (value, i) => {
    if (typeof value !== 'number') throw new TypeError(`${name}[${i}] must be a number, got ${kindOf(value)}`);
    if (!Number.isFinite(value)) throw new RangeError(`${name}[${i}] must be finite, got ${value}`);
    return value;
  });
}

/** How an error message names what it was given. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value === 'function' ? 'a function' : `${typeof value} ${String(value)}`;
  return (value as object).constructor?.name ?? 'an object';
}

/** No |x| is larger: squares, and sums of them, stay in float64's range. */
export const LARGEST = 1e150;

/** So many coordinates of points, copied. */
export function readCoordinates(name: string, values: unknown, length: number): Float64Array {
  const numbers = readNumbers(name, values, length);
  numbers.forEach((value, i) => {
    if (Math.abs(value) > LARGEST)
      throw new RangeError(`${name}[${i}] must be at most ${LARGEST} in magnitude, got ${value}`);
  });
  return numbers;
}

/** What JSON has in the place of ±Infinity, which it cannot write: the largest float64. */
export function finite(value: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
}
