/** What tells values apart that are not kept, or not sent. */
import type { Steps } from '../steps.ts';

/** Two hashes of words, one behind the other. */
export class Fingerprint {
  readonly words = new Uint32Array(2);

  *add(words: Uint32Array): Steps<void> {
    let [a, b] = this.words;
    for (let i = 0; i < words.length; i++) {
      a = Math.imul(a ^ words[i] ^ (a >>> 15), 0x9e3779b1);
      b = Math.imul(b ^ words[i] ^ (b >>> 13), 0x85ebca6b);
      if (i % WORDS_OF_TURN === WORDS_OF_TURN - 1) yield;
    }
    this.words.set([a, b]);
  }
}

/** Words between two looks at the clock. */
const WORDS_OF_TURN = 2 ** 16;

/** Of numbers, of which −0 is 0, as in JSON. */
export function* fingerprintOf(values: Float64Array): Steps<string> {
  const fingerprint = new Fingerprint();
  yield* fingerprint.add(new Uint32Array(values.map((value) => value + 0).buffer));
  return fingerprint.words.join();
}
