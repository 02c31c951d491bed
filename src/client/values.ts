/** How arguments cross to the worker and answers come back, where a clone would lose what they are. */
import { has, propertyOf } from '../check.ts';
import { fieldsOf } from '../forms.ts';
import type { GaussianMixtureModel } from '../models/gaussian-mixture-model.ts';
import type { KMeansModel } from '../models/kmeans-model.ts';
import { unwrapped } from '../proxies.ts';
import { arrayOf } from './arrays.ts';

/** What stands for something that no clone keeps, told by a property that nobody else's object has. */
export type Crossed =
  | { readonly $crossed: 'kmeans'; readonly fields: ConstructorParameters<typeof KMeansModel>[0] }
  | { readonly $crossed: 'mixture'; readonly fields: MixtureFields }
  /** A function, of which the other side has no more than that it is one. */
  | { readonly $crossed: 'function' }
  /** One without arguments: what it returns. */
  | { readonly $crossed: 'answer'; readonly value: unknown }
  /** An object of a class: its name, for the error that it will be. */
  | { readonly $crossed: 'object'; readonly name: string };

export type CrossedModel = Extract<Crossed, { readonly fields: object }>;

type MixtureFit = ConstructorParameters<typeof GaussianMixtureModel>[0];
type MixtureFields = MixtureFit['parameters'] &
  Omit<MixtureFit['report'], 'lowerBounds'> &
  Pick<GaussianMixtureModel, 'lowerBounds' | 'reason'>;

/** What a mixture is made of. */
export function fitOf(fields: MixtureFields): MixtureFit {
  return { parameters: fields, report: { ...fields, lowerBounds: Array.from(fields.lowerBounds) } };
}

/** What a message can carry of an answer: all of a model, and what functions return. */
export function answerToCross(value: unknown): unknown {
  if (typeof value === 'function') return { $crossed: 'answer', value: value() } satisfies Crossed;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Array.isArray(value)) return value;
  return modelToCross(value) ?? mapped(value, answerToCross);
}

/** A list of more values, all of them numbers, crosses as a typed array: a clone of a million takes a page's breath away. */
const LONG = 2 ** 12;

/** Arrays within arrays of an argument, and objects, at most: an argument that is right has no more. */
const DEEPEST = 6;

/** A copy that a message can carry: models are told by what they are, without their labels, which no method needs. */
export function argumentToCross(value: unknown, depth = 0): unknown {
  if (typeof value === 'function') return { $crossed: 'function' } satisfies Crossed;
  if (typeof value === 'symbol') return { $crossed: 'object', name: String(value) } satisfies Crossed;
  if (typeof value !== 'object' || value === null) return value;
  const ArrayType = arrayOf(value);
  if (ArrayType !== undefined) return new ArrayType(value as ArrayLike<unknown>);
  const model = modelToCross(value);
  if (model !== null) return { ...model, fields: { ...model.fields, labels: new Uint32Array(0) } };
  const further = (part: unknown) => argumentToCross(part, depth + 1);
  if (Array.isArray(value) && depth <= DEEPEST) {
    return (value.length > LONG ? numbersOf(value) : null) ?? Array.from(value, further);
  }
  const name = classOf(value);
  const isKnown = depth <= (name === null ? DEEPEST : 1);
  // Matrices of other libraries may have what they say of themselves in their class.
  const copy = isKnown ? mapped(has(value, 'data') ? fieldsOf(value) : value, further) : {};
  if (name === null || Object.keys(copy).length > 0) return copy;
  return { $crossed: 'object', name } satisfies Crossed;
}

/** A copy in float64 of a list of numbers; null where there is anything else in it. */
function numbersOf(values: readonly unknown[]): Float64Array | null {
  const numbers = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== 'number') return null;
    numbers[i] = value;
  }
  return numbers;
}

/** The name of the class of an object that has one. */
function classOf(value: object): string | null {
  const name = (value as { readonly constructor?: { readonly name?: unknown } }).constructor?.name;
  return typeof name === 'string' && name !== 'Object' ? name : null;
}

/** Each property, inherited ones too, as options are read; those that are undefined are as good as none. */
function mapped(object: object, cross: (value: unknown) => unknown): object {
  const copy: Record<string, unknown> = {};
  for (const name in object) {
    const value = propertyOf(object, name);
    if (value !== undefined) copy[name] = cross(value);
  }
  return copy;
}

/** Models are known by what they have: a page need not load their classes for its arguments. */
function modelToCross(given: object): CrossedModel | null {
  const value = unwrapped(given);
  if (!has(value, 'frame') || !has(value, 'predict')) return null;
  if (isMixture(value)) return { $crossed: 'mixture', fields: { ...value } };
  return { $crossed: 'kmeans', fields: { ...(value as KMeansModel) } };
}

function isMixture(value: object): value is GaussianMixtureModel {
  return has(value, 'precisionsCholesky');
}

/** Puts what `revive` makes of them in the place of what stands for something, among arguments. */
export function argumentFromCross(value: unknown, revive: (crossed: Crossed) => unknown): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  const further = (part: unknown) => argumentFromCross(part, revive);
  if (Array.isArray(value)) return value.map(further);
  return isCrossed(value) ? revive(value) : mapped(value, further);
}

/** Of progress the functions give a copy each time. */
export function progressFromCross(progress: unknown): unknown {
  return mapped(progress as object, (value) =>
    typeof value === 'object' && value !== null && isCrossed(value) && value.$crossed === 'answer'
      ? () => structuredClone(value.value)
      : value,
  );
}

function isCrossed(value: object): value is Crossed {
  return Object.hasOwn(value, '$crossed');
}

export function isCrossedModel(value: unknown): value is CrossedModel {
  return typeof value === 'object' && value !== null && isCrossed(value) && Object.hasOwn(value, 'fields');
}

/** Memory of an answer that nobody has behind it: of typed arrays, and of the labels of a model. */
export function buffersOf(answer: unknown): ArrayBuffer[] {
  return [...new Set(arraysOf(answer).map(({ buffer }) => buffer))].filter((buffer) => buffer instanceof ArrayBuffer);
}

function arraysOf(answer: unknown): ArrayBufferView[] {
  if (ArrayBuffer.isView(answer)) return answer.byteLength === answer.buffer.byteLength ? [answer] : [];
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return [];
  if (isCrossedModel(answer)) return arraysOf(answer.fields.labels);
  return isCrossed(answer) ? [] : Object.values(answer).flatMap(arraysOf);
}
