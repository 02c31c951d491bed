/** Pages of a benchmark in Chrome: where they come from, and what launches it. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'puppeteer';

/** What lets a page share memory with its workers. */
export const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** @throws {Error} where there is no Chrome, or nothing to launch it with: the message says which. */
export async function chromeLauncher(): Promise<() => Promise<Browser>> {
  const { findBrowser, launchBrowser, missingBrowser } = await import('../../test/browsers.ts');
  const path = await findBrowser('chrome');
  if (path === null) throw new Error(missingBrowser('chrome'));
  return () => launchBrowser('chrome', path);
}

/** The page under two addresses, its script, and the values of the problem at hand. */
export class PageServer {
  values: readonly ArrayBufferView<ArrayBuffer>[] = [];
  readonly #server: Server;
  readonly #listening: Promise<void>;

  /** @param script classic, with all that it needs */
  constructor(script: string) {
    this.#server = createServer(({ url }, response) => {
      if (url === '/values') {
        for (const { buffer } of this.values) response.write(new Uint8Array(buffer));
        response.end();
      } else if (url === '/page.js') {
        response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(script);
      } else {
        response
          .writeHead(200, { 'Content-Type': 'text/html', ...(url === '/isolated' ? ISOLATION : {}) })
          .end('<!doctype html><title>Benchmark</title><script src="/page.js"></script>');
      }
    });
    this.#listening = new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async address(isolated: boolean): Promise<string> {
    await this.#listening;
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${isolated ? 'isolated' : ''}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
