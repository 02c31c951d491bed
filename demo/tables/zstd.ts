/** What unpacks Zstandard, loaded where it is needed. */
export async function unpackerOfZstd(): Promise<(packed: Uint8Array) => Uint8Array> {
  const { decompress } = await import('fzstd');
  // An array that is given for the result it looks at as a text, which takes longer than to unpack it.
  return (packed) => decompress(packed);
}
