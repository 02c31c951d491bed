// @ts-check
/**
 * Stands in for a language model, so that nothing has to be downloaded: random indexing (Kanerva, Kristofersson and Holst
 * 2000). Each word has a random vector, drawn by its hash. What a word means is the sum of the vectors of the words that it
 * is met with; a text is the sum of what its words mean. Frequent words count less. It knows nothing but the texts that it
 * is given.
 */

const WIDTH = 384;

/**
 * Rows of unit length, in the form of a tensor of transformers.js.
 *
 * @param {readonly string[]} texts each of at least one word
 * @returns {{ data: Float32Array, dims: [n: number, d: number] }}
 */
export function embed(texts) {
  const wordsOf = texts.map((text) => [...new Set(text.toLowerCase().match(/\p{L}+/gu))]);
  const rarity = rarityOf(wordsOf);
  const meaning = meaningsOf(wordsOf, rarity);
  const data = new Float32Array(texts.length * WIDTH);
  wordsOf.forEach((words, i) => {
    const row = new Float64Array(WIDTH);
    for (const word of words) add(row, meaning(word), rarity(word));
    normalise(row);
    data.set(row, i * WIDTH);
  });
  return { data, dims: [texts.length, WIDTH] };
}

/**
 * What a word weighs: the logarithm of how many texts there are for each that has it.
 *
 * @param {readonly string[][]} wordsOf
 */
function rarityOf(wordsOf) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const word of wordsOf.flat()) counts.set(word, (counts.get(word) ?? 0) + 1);
  return (/** @type {string} */ word) => Math.log((1 + wordsOf.length) / (counts.get(word) ?? 0));
}

/**
 * @param {readonly string[][]} wordsOf
 * @param {(word: string) => number} rarity
 */
function meaningsOf(wordsOf, rarity) {
  const nothing = new Float64Array(WIDTH);
  /** @type {Map<string, Float64Array>} */
  const meanings = new Map();
  for (const words of wordsOf) {
    const context = new Float64Array(WIDTH);
    for (const word of words) add(context, randomVector(word), rarity(word));
    for (const word of words)
      meanings.set(
        word,
        context.map((value, j) => value + (meanings.get(word) ?? nothing)[j]),
      );
  }
  for (const meaning of meanings.values()) normalise(meaning);
  return (/** @type {string} */ word) => meanings.get(word) ?? nothing;
}

/**
 * ±1 in each place, the same for the same word: mulberry32 from its FNV-1a hash.
 *
 * @param {string} word
 */
function randomVector(word) {
  let state = 0x811c9dc5;
  for (const letter of word) state = Math.imul(state ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return Float64Array.from({ length: WIDTH }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) < 0 ? -1 : 1;
  });
}

/**
 * @param {Float64Array} sum
 * @param {Float64Array} vector
 * @param {number} factor
 */
function add(sum, vector, factor) {
  for (let j = 0; j < WIDTH; j++) sum[j] += factor * vector[j];
}

/** @param {Float64Array} vector */
function normalise(vector) {
  const length = Math.hypot(...vector);
  for (let j = 0; j < WIDTH; j++) vector[j] /= length;
}
