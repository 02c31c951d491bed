/** Bytes from the page's own server. */
import { laid, lengthOf } from './laid.ts';
import { messageOf, type Reading } from './reading.ts';

/** Data of the page that did not arrive: to try again may help. */
export class DownloadError extends Error {
  override readonly name = 'DownloadError';

  /** @param what went wrong */
  constructor(what: string) {
    super(`The data could not be loaded (${what}). Check the connection, and try again.`);
  }
}

/** A file, or a part of it. */
export async function fetchBytes(
  url: string,
  signal: AbortSignal,
  range: string | null,
  onBytes: (more: number, total: number) => void,
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly response: Response }> {
  try {
    const response = await fetch(url, { signal, headers: range === null ? {} : { Range: `bytes=${range}` } });
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`.trim());
    // Of what is packed on its way, the length is another than that of the bytes that come out.
    const isPacked = response.headers.has('Content-Encoding');
    const total = isPacked ? 0 : Number(response.headers.get('Content-Length') ?? 0);
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    const reader = response.body?.getReader();
    for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
      chunks.push(part.value);
      onBytes(part.value.length, total);
    }
    return { bytes: laid(new Uint8Array(lengthOf(chunks)), chunks), response };
  } catch (error) {
    signal.throwIfAborted();
    throw new DownloadError(messageOf(error));
  }
}

/** All of it. */
export async function download(url: string, { signal, onProgress }: Reading): Promise<Blob> {
  let loaded = 0;
  const { bytes } = await fetchBytes(url, signal, null, (more, total) => {
    loaded += more;
    onProgress(loaded, Math.max(total, loaded));
  });
  return new Blob([bytes]);
}
