import { mostSimilar, propertyOf } from '../check.ts';

/**
 * For objects that may have more than what is read of them, as parts of a model have.
 *
 * @throws {TypeError} where a name is likely meant for one that is known and is not there.
 */
export function checkSpelling(name: string, given: object, known: readonly string[]): void {
  for (const other in given) {
    const similar = known.includes(other) ? null : mostSimilar(other, known);
    if (similar !== null && propertyOf(given, similar) === undefined) {
      throw new TypeError(`${name} has '${other}': did you mean '${similar}'?`);
    }
  }
}
