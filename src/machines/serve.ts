/** Answers messages, one after the other, until they end. */
import { FIT_VERBS, type Verb } from './fits.ts';
import { bytesOf, type Message, messagesIn, PROTOCOL } from './messages.ts';

/**
 * @param verbs that are known beside those of any process
 * @param write resolves when more may come
 * @throws {RangeError} where the input is no messages.
 */
export async function serve(
  input: AsyncIterable<Uint8Array>,
  write: (bytes: Uint8Array) => Promise<void>,
  verbs: Readonly<Record<string, Verb>>,
): Promise<void> {
  const known = new Map(Object.entries({ ...FIT_VERBS, ...verbs }));
  for await (const message of messagesIn(input)) {
    for (const bytes of bytesOf(await answerTo(message, known))) await write(bytes);
  }
}

/** Answers all messages alike, for what cannot be begun: whoever asks is told why. */
export async function refuse(
  input: AsyncIterable<Uint8Array>,
  write: (bytes: Uint8Array) => Promise<void>,
  error: Error,
): Promise<void> {
  for await (const _ of messagesIn(input)) for (const bytes of bytesOf(failed(error))) await write(bytes);
}

function failed({ name, message }: Error): Message {
  return { header: { error: { name, message } }, parts: [] };
}

async function answerTo(message: Message, known: ReadonlyMap<string, Verb>): Promise<Message> {
  const { protocol, verb } = message.header;
  try {
    if (protocol !== PROTOCOL) throw new RangeError(`messages are of version ${protocol}, this is version ${PROTOCOL}`);
    const answer = known.get(String(verb));
    if (answer === undefined) {
      throw new TypeError(`there is no verb ${verb}, but ${[...known.keys()].join(', ')}`);
    }
    const { header = {}, body } = await answer(message);
    return { header, parts: body === undefined ? [] : [body] };
  } catch (error) {
    return failed(error as Error);
  }
}
