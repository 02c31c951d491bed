/** A thread that decodes: see `decoders.ts`. */
import { answerCalls, type Call, Given } from '../channel.ts';
import { decode, type Packed, withCompressors } from './pages.ts';
import type { Values } from './table.ts';

export interface DecoderCalls {
  /** Loads what unpacks a codec, before there is anything to unpack. */
  load: Call<Packed['codec'], never, null>;
  /** Null: it takes another reader. */
  decode: Call<Packed, never, Values | null>;
}

answerCalls<DecoderCalls>({
  async load(codec) {
    return withCompressors([codec], () => null);
  },
  async decode(packed) {
    const values = await decode(packed);
    return values && new Given(values, [values.buffer as ArrayBuffer]);
  },
});
