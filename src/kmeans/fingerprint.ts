/**
 * Some 64 bits of centroids, by which those are told apart that statistics were computed with: the centroids themselves would be
 * half of what is sent. Two multiplicative hashes of the words, each mixed in the end as in MurmurHash3.
 */
export function fingerprintOf(centroids: Float64Array): string {
  // −0 is 0, as in JSON.
  const words = new Int32Array(centroids.map((value) => value + 0).buffer);
  let first = 0x9e3779b9 ^ words.length;
  let second = 0x85ebca6b;
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    first = Math.imul(first ^ word, 0x01000193);
    first ^= first >>> 15;
    second = Math.imul(second ^ word, 0x9e3779b1);
    second ^= second >>> 13;
  }
  return [first, second].map((hash) => mixed(hash).toString(16).padStart(8, '0')).join('');
}

function mixed(hash: number): number {
  let bits = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
