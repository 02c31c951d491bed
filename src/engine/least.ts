/**
 * The least of values that are offered, each with an index; of equal ones those of the lowest index. A heap whose root is
 * the first to go: to offer one that is too large costs a look.
 */
export class Least {
  readonly #values: Float64Array;
  /** Neither of those at 2i + 1 and 2i + 2 goes before the one at i. */
  readonly #indices: Uint32Array;
  #length = 0;

  /** @param most that are kept: at least one */
  constructor(most: number) {
    this.#values = new Float64Array(most);
    this.#indices = new Uint32Array(most);
  }

  /** The largest value that is kept; Infinity as long as there is room. */
  get limit(): number {
    return this.#length < this.#values.length ? Infinity : this.#values[0];
  }

  offer(value: number, index: number): void {
    if (this.#length < this.#values.length) this.#rise(value, index);
    else if (!this.#goesBefore(value, index, 0)) this.#sink(value, index);
  }

  /** Writes those that are kept to indices and values from `at` on, the least first, and forgets them. */
  take(indices: Uint32Array, values: Float64Array, at: number): void {
    while (this.#length > 0) {
      const last = --this.#length;
      indices[at + last] = this.#indices[0];
      values[at + last] = this.#values[0];
      this.#sink(this.#values[last], this.#indices[last]);
    }
  }

  #rise(value: number, index: number): void {
    let at = this.#length++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#goesBefore(value, index, parent)) break;
      this.#put(at, this.#values[parent], this.#indices[parent]);
      at = parent;
    }
    this.#put(at, value, index);
  }

  /** Puts one in the place of the root, or below. */
  #sink(value: number, index: number): void {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#length) break;
      if (child + 1 < this.#length && this.#goesBefore(this.#values[child + 1], this.#indices[child + 1], child))
        child++;
      if (this.#goesBefore(value, index, child)) break;
      this.#put(at, this.#values[child], this.#indices[child]);
      at = child;
    }
    this.#put(at, value, index);
  }

  #put(at: number, value: number, index: number): void {
    this.#values[at] = value;
    this.#indices[at] = index;
  }

  /** Whether one has to go before the one at a place of the heap. */
  #goesBefore(value: number, index: number, at: number): boolean {
    return value > this.#values[at] || (value === this.#values[at] && index > this.#indices[at]);
  }
}
