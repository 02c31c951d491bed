/** Distinct texts, known by their bytes: whoever finds one a million times makes a string of it once. */

export class Dictionary {
  /** Number of texts, and one: 0 stands for none. */
  size = 1;
  #pool = new Uint8Array(1024);
  /** Where each ends in the pool. */
  #ends = new Uint32Array(64);
  #hashes = new Int32Array(64);
  /** Open addressing, at most half full. */
  #slots = new Uint32Array(128);

  /** Its place among the texts. */
  codeOf(bytes: Uint8Array, start: number, end: number): number {
    let hash = -2128831035;
    for (let p = start; p < end; p++) hash = Math.imul(hash ^ bytes[p], 16777619);
    hash ^= hash >>> 15;
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const code = this.#slots[slot];
      if (code === 0) return this.#add(slot, hash, bytes, start, end);
      if (this.#hashes[code] === hash && this.#isAt(code, bytes, start, end)) return code;
    }
  }

  #isAt(code: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#ends[code - 1];
    if (this.#ends[code] - from !== end - start) return false;
    for (let p = start, q = from; p < end; p++, q++) if (bytes[p] !== this.#pool[q]) return false;
    return true;
  }

  #add(slot: number, hash: number, bytes: Uint8Array, start: number, end: number): number {
    const code = this.size++;
    const from = this.#ends[code - 1];
    const to = from + end - start;
    this.#ends = roomy(this.#ends, code + 1);
    this.#hashes = roomy(this.#hashes, code + 1);
    this.#pool = roomy(this.#pool, to);
    for (let p = start, q = from; p < end; p++, q++) this.#pool[q] = bytes[p];
    this.#ends[code] = to;
    this.#hashes[code] = hash;
    this.#slots[slot] = code;
    if (2 * this.size > this.#slots.length) this.#rehash();
    return code;
  }

  #rehash(): void {
    this.#slots = new Uint32Array(2 * this.#slots.length);
    const mask = this.#slots.length - 1;
    for (let code = 1; code < this.size; code++) {
      let slot = this.#hashes[code] & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = code;
    }
  }

  /** All of them, behind an empty one. */
  texts(decoder: TextDecoder): string[] {
    const texts = [''];
    for (let code = 1; code < this.size; code++) {
      texts.push(decoder.decode(this.#pool.subarray(this.#ends[code - 1], this.#ends[code])));
    }
    return texts;
  }
}

/** The same numbers, with room for `length` of them. */
function roomy<T extends Uint8Array | Uint32Array | Int32Array>(numbers: T, length: number): T {
  if (length <= numbers.length) return numbers;
  const Kind = numbers.constructor as new (length: number) => T;
  const larger = new Kind(Math.max(length, 2 * numbers.length));
  larger.set(numbers);
  return larger;
}
