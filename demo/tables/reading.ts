/** What readers share. */
import { turnIfDue } from '../../src/turns.ts';
import { UnreadableError } from './unreadable.ts';

/** How something is read. */
export interface Reading {
  readonly signal: AbortSignal;
  /** Bytes. */
  readonly onProgress: (loaded: number, total: number) => void;
}

/** To be awaited within long loops: lets messages in, and throws where the reader was called off. */
export async function pause({ signal }: Reading): Promise<void> {
  await turnIfDue();
  signal.throwIfAborted();
}

/** The bytes of a file, a block after the other. */
export async function* blocksOf(file: Blob, reading: Reading, size = 2 ** 20): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < file.size; at += size) {
    reading.signal.throwIfAborted();
    yield await bytesOf(file, at, at + size);
    reading.onProgress(Math.min(at + size, file.size), file.size);
  }
}

/** All of it, for formats that cannot be read in parts. */
export async function allBytes(file: Blob, reading: Reading): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(file.size);
  let at = 0;
  for await (const block of blocksOf(file, reading, 2 ** 23)) {
    bytes.set(block, at);
    at += block.length;
  }
  return bytes;
}

export async function bytesOf(file: Blob, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await file.slice(start, end).arrayBuffer());
  } catch (error) {
    throw new UnreadableError(
      `The file can no longer be read: it was moved, changed or taken away meanwhile (${messageOf(error)}).`,
    );
  }
}

/** Tells of a fault of the file in the words of the library that found it, behind plain ones. */
export async function blame<T>(format: string, reading: Reading, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    reading.signal.throwIfAborted();
    if (error instanceof UnreadableError) throw error;
    // What a program stumbled over in its own names tells nobody anything of the file.
    const isTelling = !(error instanceof TypeError || error instanceof ReferenceError);
    throw new UnreadableError(`This ${format} is damaged or cut short${isTelling ? `: ${messageOf(error)}` : '.'}`);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** "1,204" */
export function count(n: number): string {
  return n.toLocaleString('en');
}

/** "1 value", "1,204 values" */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** "a, b and 3 others" */
export function listed(names: readonly string[], most = 4): string {
  const quoted = names.map((name) => `“${name}”`);
  const shown =
    names.length > most ? [...quoted.slice(0, most - 1), counted(names.length - most + 1, 'other')] : quoted;
  return shown.length > 1 ? `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}` : shown.join('');
}

/** Names that are all different and none empty. */
export function distinctNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name, j) => {
    const free = freeName(name.trim() || `column ${j + 1}`, taken);
    taken.add(free);
    return free;
  });
}

/** The name itself, or with the least number behind that makes it another. */
export function freeName(wanted: string, taken: ReadonlySet<string>): string {
  let name = wanted;
  for (let i = 2; taken.has(name); i++) name = `${wanted} (${i})`;
  return name;
}
