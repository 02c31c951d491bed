/** A thread that decodes: see `decoders.ts`. */
import { answerCalls, type Call, Given } from '../channel.ts';
import { decode, type Packed } from './pages.ts';
import type { Values } from './table.ts';

export interface DecoderCalls {
  /** Null: it takes another reader. */
  decode: Call<Packed, never, Values | null>;
}

answerCalls<DecoderCalls>({
  async decode(packed) {
    const values = await decode(packed);
    return values && new Given(values, [values.buffer as ArrayBuffer]);
  },
});
