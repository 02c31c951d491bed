/** The built page on a server of this machine, which counts what it sends. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ISOLATION } from '../cpu/page-server.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
};

interface File {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

export class Site {
  readonly #folder: string;
  readonly #isolated: boolean;
  readonly #server: Server;
  readonly #files = new Map<string, File>();
  /** Bytes of each file as it was sent, in order. */
  #sent = new Map<string, number>();

  private constructor(folder: string, isolated: boolean) {
    this.#folder = folder;
    this.#isolated = isolated;
    this.#server = createServer(({ url, headers }, response) => {
      const path = decodeURIComponent(new URL(url ?? '/', 'http://site').pathname).replace(/\/$/, '/index.html');
      const file = path === '/blank' ? BLANK : this.#read(normalize(path));
      if (file === null) return response.writeHead(404).end();
      this.#sent.set(path, file.body.length);
      const part = partOf(file, headers.range);
      if (part === null) return response.writeHead(200, file.headers).end(file.body);
      const { start, end } = part;
      const said = `bytes ${start}-${end - 1}/${file.body.length}`;
      response.writeHead(206, { ...file.headers, 'Content-Range': said }).end(file.body.subarray(start, end));
    });
  }

  /** @throws {Error} where the page is not built. */
  static async open(folder: string, isolated: boolean): Promise<Site> {
    if (!existsSync(join(folder, 'index.html'))) throw new Error(`no page in ${folder}: npm run build:demo`);
    const site = new Site(folder, isolated);
    await new Promise<void>((resolve) => site.#server.listen(0, '127.0.0.1', resolve));
    return site;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Forgets what was sent before. */
  begin(): void {
    this.#sent = new Map();
  }

  /** Bytes of script before the first data, as they were sent. */
  scriptBytes(): number {
    let total = 0;
    for (const [path, bytes] of this.#sent) {
      if (path === '/service-worker.js') continue;
      if (!(extname(path) in TYPES)) break;
      if (path.endsWith('.js')) total += bytes;
    }
    return total;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Null where there is no such file. */
  #read(path: string): File | null {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const place = join(this.#folder, path);
    if (!statSync(place, { throwIfNoEntry: false })?.isFile()) return null;
    const type = TYPES[extname(path)];
    const content = readFileSync(place);
    const file = {
      body: type === undefined ? content : gzipSync(content, { level: 9 }),
      headers: {
        'Content-Type': type ?? 'application/octet-stream',
        'Cache-Control': path.startsWith('/assets/') ? 'max-age=31536000, immutable' : 'no-cache',
        ...(type === undefined ? {} : { 'Content-Encoding': 'gzip' }),
        ...(this.#isolated ? ISOLATION : {}),
      },
    };
    this.#files.set(path, file);
    return file;
  }
}

/** The part of a file that is asked for, as most servers know it; null: all of it. */
function partOf({ body, headers }: File, range = ''): { readonly start: number; readonly end: number } | null {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
  if (from === undefined || 'Content-Encoding' in headers) return null;
  if (from === '') return { start: Math.max(0, body.length - Number(to)), end: body.length };
  return { start: Number(from), end: to === '' ? body.length : Math.min(body.length, Number(to) + 1) };
}

/** The page that there is nothing in. */
const BLANK: File = {
  body: Buffer.from('<!doctype html><title>Blank</title>'),
  headers: { 'Content-Type': 'text/html', ...ISOLATION },
};
