/** Errors, as they cross: clones lose classes that are not the language's own. */
import { DeviceLostError, WebGPUUnavailableError } from '../errors.ts';

export interface CrossedError {
  readonly name: string;
  readonly message: string;
}

export function errorToCross(error: unknown): CrossedError {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  return { name, message };
}

const CLASSES: Readonly<Record<string, new (message: string) => Error>> = {
  TypeError,
  RangeError,
  WebGPUUnavailableError,
  DeviceLostError,
};

/** Of the same class, with the same words. */
export function errorFromCross({ name, message }: CrossedError): Error {
  if (Object.hasOwn(CLASSES, name)) return new CLASSES[name](message);
  return Object.assign(new Error(message), { name });
}
