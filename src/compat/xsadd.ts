/**
 * Uniform numbers of [0, 1) with 24 bits: XORSHIFT-ADD (Saito and Matsumoto 2014), which ml-kmeans draws from where it has
 * a seed.
 *
 * @throws {TypeError} where the seed is no integer.
 */
export function xsadd(seed: number): () => number {
  if (!Number.isInteger(seed)) throw new TypeError('seed must be an integer');
  const state = new Uint32Array(4);
  state[0] = seed;
  for (let i = 1; i < 8; i++) {
    const before = state[(i - 1) & 3];
    state[i & 3] ^= i + Math.imul(1812433253, before ^ (before >>> 30));
  }
  if (state.every((word) => word === 0)) state.set([...'XSAD'].map((letter) => letter.charCodeAt(0)));
  const advance = () => {
    let word = state[0];
    word ^= word << 15;
    word ^= word >>> 18;
    word ^= state[3] << 11;
    state.copyWithin(0, 1);
    state[3] = word;
  };
  for (let i = 0; i < 8; i++) advance();
  return () => {
    advance();
    return ((state[3] + state[2]) >>> 8) / 2 ** 24;
  };
}
