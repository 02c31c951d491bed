/** Which variants were the fastest: what an engine was given, and what was timed in this process. */
import type { TunedAdapter, TunedVariant, Tuning } from '../engine/tuning.ts';
import { sameVariant, type Variant, variantFor, variantsFor } from './plan.ts';

/** What was found for a shape: see `TunedShape`. */
export interface Choice {
  readonly d: number;
  readonly k: number;
  readonly variant: Variant;
  readonly milliseconds: readonly { readonly variant: Variant; readonly best: number }[];
}

type Choices = Map<string, Choice>;

/** Of all adapters of this process, by their names, for engines that are still to be made too. */
const timedHere = new Map<string, Choices>();

const keyOf = ({ vendor, architecture, description }: TunedAdapter) =>
  JSON.stringify([vendor, architecture, description]);
const shapeOf = ({ d, k }: Pick<Choice, 'd' | 'k'>) => `${d}, ${k}`;

/** What k is tuned for is good for others between its half and its double. */
const NEAR = 2;

/** What an engine knows of its adapter. */
export class Tuned {
  readonly #adapter: TunedAdapter;
  readonly #given: Choices = new Map();

  /** @param given what `readTuning` gives: fields of variants may be missing */
  constructor(adapter: TunedAdapter, given?: Tuning) {
    this.#adapter = adapter;
    if (given === undefined || keyOf(given.adapter) !== keyOf(adapter)) return;
    for (const { d, k, variant, milliseconds = [] } of given.choices) {
      const whole = (fields: TunedVariant): Variant => ({ ...this.usual(d), ...fields });
      const times = milliseconds.map(({ variant, best }) => ({ variant: whole(variant), best }));
      this.#given.set(shapeOf({ d, k }), { d, k, variant: whole(variant), milliseconds: times });
    }
  }

  /** One for each shape: what was given goes before what others have timed. */
  get choices(): readonly Choice[] {
    return [...new Map([...(timedHere.get(keyOf(this.#adapter)) ?? []), ...this.#given]).values()];
  }

  /** What is taken where nothing is known. */
  usual(d: number): Variant {
    return variantFor(d, this.#adapter);
  }

  /** What is taken for k centroids of d features: that of the nearest k of the same d, if there is one near it. */
  variantFor(d: number, k: number): Variant {
    const ratio = (choice: Choice) => Math.max(choice.k / k, k / choice.k);
    const [nearest] = this.choices
      .filter((choice) => choice.d === d && ratio(choice) <= NEAR)
      .sort((a, b) => ratio(a) - ratio(b));
    // It may come from another version of the library, or of the driver.
    const isPossible =
      nearest !== undefined && variantsFor(d, this.#adapter).some((variant) => sameVariant(variant, nearest.variant));
    return isPossible ? nearest.variant : this.usual(d);
  }

  /** For this engine and all others on such an adapter. */
  remember(choice: Choice): void {
    const key = keyOf(this.#adapter);
    const shape = shapeOf(choice);
    this.#given.delete(shape);
    timedHere.set(key, (timedHere.get(key) ?? new Map<string, Choice>()).set(shape, choice));
  }
}
