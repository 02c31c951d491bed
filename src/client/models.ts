/** Models, made anew of what crossed: a page loads the classes of those that it gets. */
import type { GaussianMixtureJSON, GaussianMixtureModel } from '../models/gaussian-mixture-model.ts';
import type { KMeansJSON, KMeansModel } from '../models/kmeans-model.ts';
import { type CrossedModel, fitOf } from './values.ts';

export type Model = KMeansModel | GaussianMixtureModel;

const clusters = () => import('../models/kmeans-model.ts');
const mixtures = () => import('../models/gaussian-mixture-model.ts');

export async function restored(crossed: CrossedModel): Promise<Model> {
  if (crossed.$crossed === 'kmeans') return new (await clusters()).KMeansModel(crossed.fields);
  return new (await mixtures()).GaussianMixtureModel(fitOf(crossed.fields), crossed.fields.reason);
}

/** @throws {TypeError | RangeError} where it is not the JSON of a model. */
export async function modelOf(json: KMeansJSON | GaussianMixtureJSON): Promise<Model> {
  if (json.type === 'KMeansModel') return (await clusters()).KMeansModel.fromJSON(json);
  return (await mixtures()).GaussianMixtureModel.fromJSON(json);
}

/** Makes the methods of a model that take points those of what runs them elsewhere. */
export function withMethods<M extends Model>(
  model: M,
  run: (method: string, points: unknown, args: readonly unknown[]) => Promise<unknown>,
): M {
  // All methods but these take points.
  const {
    constructor: _,
    sample: __,
    toJSON: ___,
    ...methods
  } = Object.getOwnPropertyDescriptors(Object.getPrototypeOf(model) as object) as Record<string, PropertyDescriptor>;
  for (const method of Object.keys(methods)) {
    const value = (points: unknown, ...args: unknown[]) => run(method, points, args);
    Object.defineProperty(model, method, { value, configurable: true, writable: true });
  }
  return model;
}
