/**
 * What goes between a shard's process and whoever drives it: four bytes (little-endian) with the length of a header, the
 * header, which is JSON in UTF-8, and the parts whose lengths its `sizes` gives. Each message has one answer, in order.
 */

/** Of what messages say; a process answers messages of its own version only. */
export const PROTOCOL = 1;

export interface Message {
  readonly header: Readonly<Record<string, unknown>>;
  readonly parts: readonly Uint8Array[];
}

/** Of words and, where a fit begins, centroids: a longer one is no header, but bytes of something else. */
const LONGEST_HEADER = 2 ** 28;
/** Of all parts of a message: what one buffer holds wherever it may be read. */
const MOST_BYTES = 2 ** 31;

/** The bytes of a message, one array behind the other. */
export function bytesOf({ header, parts }: Message): Uint8Array[] {
  const sizes = parts.map(({ byteLength }) => byteLength);
  const text = new TextEncoder().encode(JSON.stringify({ protocol: PROTOCOL, ...header, sizes }));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, text.length, true);
  return [length, text, ...parts];
}

/**
 * The messages in a stream of bytes, which ends behind one of them or, where its writer died, within.
 *
 * @throws {RangeError} where the bytes are no messages.
 */
export async function* messagesIn(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Message, void, undefined> {
  const bytes = stream[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);
  try {
    for (;;) {
      const length = await read(4);
      if (length === null) return;
      const size = new DataView(length.buffer).getUint32(0, true);
      if (size > LONGEST_HEADER) throw new RangeError(`a header of ${size} bytes: these are no messages`);
      const text = await read(size);
      if (text === null) return;
      const header = headerOf(text);
      const parts: Uint8Array[] = [];
      for (const partSize of header.sizes) {
        const part = await read(partSize);
        if (part === null) return;
        parts.push(part);
      }
      yield { header, parts };
    }
  } finally {
    await bytes.return?.();
  }

  /** The next `size` bytes, in an array of their own; null where the stream has ended. */
  async function read(size: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const taken = new Uint8Array(size);
    for (let filled = 0; filled < size; ) {
      if (rest.length === 0) {
        const { value, done } = await bytes.next();
        if (done) return null;
        rest = value;
      }
      const piece = rest.subarray(0, size - filled);
      taken.set(piece, filled);
      filled += piece.length;
      rest = rest.subarray(piece.length);
    }
    return taken;
  }
}

function headerOf(text: Uint8Array): Record<string, unknown> & { readonly sizes: readonly number[] } {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text));
  } catch (cause) {
    throw new RangeError('a header that is no JSON: these are no messages', { cause });
  }
  const sizes = (header as { sizes?: unknown } | null)?.sizes;
  const areSizes =
    Array.isArray(sizes) &&
    sizes.every((size) => Number.isSafeInteger(size) && size >= 0) &&
    sizes.reduce((sum, size) => sum + size, 0) <= MOST_BYTES;
  if (!areSizes) throw new RangeError('a header without the sizes of its parts');
  return header as Record<string, unknown> & { readonly sizes: readonly number[] };
}
