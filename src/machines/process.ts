/** A shard's process, as TypeScript drives it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { bytesOf, type Message, messagesIn } from './messages.ts';

/** What a message says beside its verb. */
export type Request = Readonly<Record<string, unknown>>;

/** Asks one process after another question; it ends with `close`, or with the process that has started it. */
export class ShardProcess {
  readonly #child: ChildProcess;
  readonly #answers: AsyncGenerator<Message, void, undefined>;
  readonly #ended: Promise<unknown[]>;
  /** The last question, behind whose answer the next one goes. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param command what to run, and its arguments */
  constructor([command, ...args]: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#answers = messagesIn(this.#child.stdout!);
    this.#ended = once(this.#child, 'close');
    // Whoever asks is told of it.
    this.#ended.catch(() => undefined);
    this.#child.stdin!.on('error', () => undefined);
  }

  /** Its number, by which it can be killed. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Whether it answers no more. */
  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /**
   * @throws {Error} with the name and the words of the process, where it could not do what it was asked; where it has ended.
   */
  ask(verb: string, request: Request = {}, ...parts: readonly Uint8Array[]): Promise<Message> {
    const answer = this.#last.then(() => this.#exchange({ header: { verb, ...request }, parts }));
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  /** Lets it end, and waits for that. */
  async close(): Promise<void> {
    this.#child.stdin!.end();
    await this.#ended.catch(() => undefined);
  }

  async #exchange(message: Message): Promise<Message> {
    for (const bytes of bytesOf(message)) this.#child.stdin!.write(bytes);
    const { value } = await this.#answers.next();
    if (!value) {
      const [code, signal] = await this.#ended;
      throw new Error(`the process of the shard has ended: ${signal ?? `code ${code}`}`);
    }
    const { error } = value.header as { error?: { name: string; message: string } };
    if (error !== undefined) throw Object.assign(new Error(error.message), { name: error.name });
    return value;
  }
}

/** The processes of several shards, which start when they are first asked, and anew where they have ended. */
export class ResidentShards {
  readonly #command: readonly string[];
  readonly #processes = new Map<string, ShardProcess>();

  /** @param command what starts the package */
  constructor(command: readonly string[]) {
    this.#command = command;
  }

  /** @param shard arguments of its process */
  of(shard: readonly string[]): ShardProcess {
    const key = JSON.stringify(shard);
    const known = this.#processes.get(key);
    if (known !== undefined && !known.ended) return known;
    const started = new ShardProcess([...this.#command, 'shard', ...shard]);
    this.#processes.set(key, started);
    return started;
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#processes.values(), (process) => process.close()));
  }
}
