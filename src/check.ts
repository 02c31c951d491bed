/** Float16Array as far as it is needed here: runtimes and compilers of a few years ago do not know it. */
export interface Float16Values extends ArrayLike<number>, ArrayBufferView {
  /** Its name. */
  readonly [Symbol.toStringTag]: 'Float16Array';
  /** A view of a part of it. */
  subarray(begin?: number, end?: number): ArrayLike<number>;
}

/** Any of the numeric typed arrays. Integers of 64 bits are shifted before they are rounded. */
export type TypedArray =
  | BigInt64Array
  | BigUint64Array
  | Float16Values
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** Those whose values are numbers. */
export type NumberArray = Exclude<TypedArray, BigInt64Array | BigUint64Array>;

/** A whole number of at least `low`, or the error that says so. */
export function checkInteger(name: string, value: unknown, low: number): number {
  if (typeof value !== 'number') throw wrongKind(name, 'a number', value);
  if (!Number.isSafeInteger(value) || value < low) {
    throw new RangeError(`${name} must be an integer of at least ${low}, got ${value}`);
  }
  return value;
}

export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw wrongKind(name, 'a boolean', value);
  return value;
}

/** A finite number that is not negative. */
export function checkNotNegative(name: string, value: unknown): number {
  if (typeof value !== 'number') throw wrongKind(name, 'a number', value);
  if (!(value >= 0 && value < Infinity)) throw new RangeError(`${name} must be finite and not negative, got ${value}`);
  return value;
}

/** One of the words that an option knows. */
export function checkWord<T extends string>(name: string, value: unknown, words: readonly T[]): T {
  if (typeof value !== 'string') throw wrongKind(name, 'a string', value);
  if (!(words as readonly string[]).includes(value)) {
    throw new RangeError(`${name} must be one of ${words.map((word) => `'${word}'`).join(', ')}, got '${value}'`);
  }
  return value as T;
}

/** An AbortSignal or nothing. */
export function checkSignal(value: unknown): AbortSignal | undefined {
  if (value === undefined) return undefined;
  if (typeof (value as AbortSignal | null)?.throwIfAborted !== 'function') {
    throw wrongKind('signal', 'an AbortSignal', value);
  }
  return value as AbortSignal;
}

/** A function or nothing. */
export function checkFunction<T>(name: string, value: T | undefined): T | undefined {
  if (value === undefined || typeof value === 'function') return value;
  throw wrongKind(name, 'a function', value);
}

/** An object, of whatever class. */
export function checkObject(name: string, value: unknown): object {
  if (typeof value === 'object' && value !== null) return value;
  throw wrongKind(name, 'an object', value);
}

/** Options as they were given: undefined where nothing was. All of them are own properties. */
export type Given<T> = { readonly [K in keyof T]-?: T[K] | undefined };

/** The names of all options. */
export type Names<T> = { readonly [K in keyof T]-?: true };

/**
 * Reads an options object by name, so that options may be inherited; leaving it out is the same as an empty one.
 *
 * @param caller what has the options
 * @throws {TypeError} where there is another one in it.
 */
export function readOptions<T extends object>(
  caller: string,
  options: T | Given<T> | undefined,
  names: Names<T>,
): Given<T> {
  const given = options === undefined ? {} : checkObject('options', options);
  for (const name in given) {
    if (!Object.hasOwn(names, name) && propertyOf(given, name) !== undefined) {
      throw unknownOption(caller, name, Object.keys(names));
    }
  }
  return Object.fromEntries(Object.keys(names).map((name) => [name, propertyOf(given, name)])) as Given<T>;
}

/** A property of a caller's object, its own or inherited; what someone has put on Object.prototype is none. */
export function propertyOf(object: object, name: string): unknown {
  return has(object, name) ? (object as Record<string, unknown>)[name] : undefined;
}

/** Whether a caller's object has such a property. */
export function has(object: object, name: string): boolean {
  if (!(name in object)) return false;
  if (!Object.hasOwn(Object.prototype, name)) return true;
  let owner: object | null = object;
  while (owner !== null && !Object.hasOwn(owner, name)) owner = Object.getPrototypeOf(owner);
  return owner !== Object.prototype;
}

/** Whether it is what `toJSON` of that class gives. */
export function isJSONOf(type: string, value: unknown): value is object {
  return typeof value === 'object' && value !== null && propertyOf(value, 'type') === type;
}

/** An object without what it inherits: what somebody has put on Object.prototype is no option. */
export function ownOf<T extends object>(object: T): T {
  return Object.assign(Object.create(null), object);
}

/** Tells objects of a union apart by a property of their own: an inherited one may come from Object.prototype. */
export function owns<T extends object, K extends PropertyKey>(
  object: T,
  name: K,
): object is Extract<T, { readonly [P in K]: unknown }> {
  return Object.hasOwn(object, name);
}

function unknownOption(caller: string, name: string, known: readonly string[]): TypeError {
  const similar = mostSimilar(name, known);
  const help = similar === null ? `it has ${known.join(', ')}` : `did you mean '${similar}'?`;
  return new TypeError(`${caller} has no option '${name}': ${help}`);
}

/** The name that was likely meant; null where none is near. */
export function mostSimilar(name: string, known: readonly string[]): string | null {
  const distances = known.map((other) => distanceOf(plain(name), plain(other)));
  const least = Math.min(...distances);
  return least <= name.length / 3 ? known[distances.indexOf(least)] : null;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** Letters to add, leave out or change (Levenshtein 1966); the rest of an abbreviation costs nothing. */
function distanceOf(a: string, b: string): number {
  if (Math.min(a.length, b.length) >= 3 && (a.startsWith(b) || b.startsWith(a))) return 0;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length];
}

const typeOfArray = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!
  .get!;

/** The name of its class, of a typed array of whatever realm: `instanceof` knows only its own. */
export function arrayTypeOf(value: unknown): string | undefined {
  return typeOfArray.call(value);
}

/** Whether something is a typed array. */
export function isNumericArray(value: unknown): value is TypedArray {
  return arrayTypeOf(value) !== undefined;
}

/** A bigint as the number that is nearest to it; anything else is what it is. */
export function rounded(value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}

/** Whether the buffer of a typed array was transferred, or its WebAssembly memory grew. */
export function isDetached({ buffer }: ArrayBufferView): boolean {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** So many finite numbers, copied. */
export function readNumbers(name: string, values: unknown, length: number): Float64Array {
  const numbers = checkNumbers(name, values, length);
  // Of many, one look at each is a third of the time.
  if (numbers instanceof Float64Array && numbers.every(Number.isFinite)) return numbers.slice();
  return Float64Array.from(numbers, (value, i) => {
    if (typeof value !== 'number') throw notANumber(`${name}[${i}]`, value);
    if (!Number.isFinite(value)) throw new RangeError(`${name}[${i}] must be finite, got ${value}`);
    return value;
  });
}

/** An array of so many values, or a typed array of numbers. */
export function checkNumbers(name: string, values: unknown, length: number): ArrayLike<unknown> {
  if (!Array.isArray(values) && !isNumericArray(values)) {
    throw wrongKind(name, 'an array of numbers', values);
  }
  if (values.length === length) return values;
  if (!Array.isArray(values) && isDetached(values)) throw detached(name);
  throw new RangeError(`${name} has ${values.length} values, ${length} are needed`);
}

export function detached(name: string): TypeError {
  return new TypeError(`${name} is detached: its buffer was transferred, or its memory grew`);
}

/** The error for a value that is not a number; a hole of an array reads as undefined. */
export function notANumber(name: string, value: unknown): TypeError {
  if (value !== undefined) return wrongKind(name, 'a number', value);
  return new TypeError(`${name} must be a number, got nothing: a hole or undefined`);
}

/** The error for a value that is not what it has to be. */
export function wrongKind(name: string, wanted: string, value: unknown): TypeError {
  return new TypeError(`${name} must be ${wanted}, got ${kindOf(value)}`);
}

/**
 * For what the library made, and a caller may have taken through JSON.
 *
 * @throws {TypeError} where an array of it is none any more.
 */
export function checkWhole(name: string, array: unknown): void {
  if (arrayTypeOf(array) === 'Float64Array') return;
  throw new TypeError(`${name} is not what the library made: carry it by toBytes and fromBytes, not by JSON`);
}

/** How an error message names what it was given. */
export function kindOf(value: unknown): string {
  switch (typeof value) {
    case 'function':
      return 'a function';
    case 'string':
      return `the string '${value.length > 40 ? `${value.slice(0, 40)}…` : value}'`;
    case 'object':
      return value === null ? 'null' : kindOfObject(value);
    case 'bigint':
      return `the bigint ${value}`;
    default:
      return String(value);
  }
}

function kindOfObject(value: object): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const name = (value as { constructor?: { name?: unknown } }).constructor?.name;
  if (typeof name === 'string' && name !== 'Object' && name !== '') return name;
  const keys = Object.keys(value);
  return `{ ${[...keys.slice(0, 6), ...(keys.length > 6 ? ['…'] : [])].join(', ')} }`;
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
