/**
 * Seeded uniform numbers: sfc32 (Doty-Humphrey, PractRand), its state filled from the seed by splitmix32.
 * The same seed gives the same numbers on every platform.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  /** @param start one of several starts of a seed */
  constructor(seed: number, start = 0) {
    // One half of a seed up to 2^53 gives three words of the state, the other the fourth: no two seeds have the same.
    let state = (seed | 0) ^ Math.imul(start, 0x9e3779b9);
    this.#counter = (1 + Math.imul(Math.floor(seed / 2 ** 32), 0x9e3779b9)) | 0;
    const next = () => {
      state = (state + 0x9e3779b9) | 0;
      let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return z ^ (z >>> 15);
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    for (let i = 0; i < 12; i++) this.bits();
  }

  /** A standard normal number (Box and Muller 1958). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** 32 uniform bits. */
  bits(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** Uniform in [0, 1), with 53 bits. */
  uniform(): number {
    return ((this.bits() >>> 5) * 2 ** 26 + (this.bits() >>> 6)) / 2 ** 53;
  }

  /** Uniform in [0, 1), with 24 bits: a float32 holds it exactly, and stays below 1. */
  uniform24(): number {
    return (this.bits() >>> 8) / 2 ** 24;
  }

  /** Uniform integer in [0, bound), bound up to 2^53. */
  below(bound: number): number {
    return Math.min(bound - 1, Math.floor(this.uniform() * bound));
  }
}

/**
 * A number of [0, 1) that belongs to (seed, index) alone, so that rows can be drawn in any order: two rounds of
 * the PCG output hash (Jarzynski and Olano 2020). shaders/kmeans/field-sample.wgsl computes the same bits.
 */
export function hashUniform(seed: number, index: number): number {
  return pcg(pcg(index >>> 0) ^ (seed >>> 0)) / 2 ** 32;
}

function pcg(value: number): number {
  const state = (Math.imul(value, 747796405) + 2891336453) >>> 0;
  const word = Math.imul((state >>> ((state >>> 28) + 4)) ^ state, 277803737) >>> 0;
  return ((word >>> 22) ^ word) >>> 0;
}
