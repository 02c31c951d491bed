/** Keeps the built page, so that it opens without a network. `plugin.ts` builds it, with the names of the built files. */
import { type Asked, cacheName, isHashed, isOldCache, isWhole, keyOf, routeOf } from './routes.ts';

/** What was built. */
export interface Built {
  readonly version: string;
  /** That of the page. */
  readonly policy: string;
  /** What the page needs at once, relative to it. */
  readonly shell: readonly string[];
  /** Names of all hashed files. */
  readonly hashed: readonly string[];
}

declare const __BUILT__: Built;

interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}

interface Fetching extends Lasting {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

/** As much of a service worker's globals as is used: TypeScript has them only in place of a page's. */
interface Scope {
  readonly registration: ServiceWorkerRegistration;
  readonly clients: { claim(): Promise<void> };
  addEventListener(type: 'install' | 'activate', listener: (event: Lasting) => void): void;
  addEventListener(type: 'fetch', listener: (event: Fetching) => void): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<readonly string[]> & Lasting) => void): void;
}

/** Milliseconds that a network may take before the page is shown as it was kept. */
const PATIENCE_MS = 4000;

const worker = globalThis as unknown as Scope;
const { version, policy, shell, hashed } = __BUILT__;
const { scope } = worker.registration;
const urlOf = (name: string) => new URL(name, scope).href;
const opened = () => caches.open(cacheName(scope, version));

worker.addEventListener('install', (event) => event.waitUntil(install()));
worker.addEventListener('activate', (event) => event.waitUntil(activate()));

worker.addEventListener('fetch', (event) => {
  const asked = askedBy(event.request);
  const route = routeOf(asked, scope);
  if (route === 'pass') return;
  const keep = (response: Response) => event.waitUntil(put(keyOf(asked), response));
  event.respondWith(
    route === 'cache-first' ? cacheFirst(event.request, asked, keep) : networkFirst(event.request, asked, keep),
  );
});

/** The page tells what it had loaded before there was a service worker, and hears whether all of it is kept. */
worker.addEventListener('message', (event) => {
  event.waitUntil(keepAll(event.data).then((isKept) => event.ports[0]?.postMessage(isKept)));
});

/** All of the shell or nothing: half a page is none. */
async function install(): Promise<void> {
  // The folder, not its index.html: some hosts redirect from that to the folder.
  await Promise.all(['', ...shell].map((name) => take(urlOf(name))));
}

async function activate(): Promise<void> {
  const cache = await opened();
  const isBuilt = new Set(hashed.map(urlOf));
  for (const name of await caches.keys()) {
    if (!isOldCache(name, scope, version)) continue;
    const old = await caches.open(name);
    for (const { url } of await old.keys()) {
      const isNews = isBuilt.has(url) && (await cache.match(url)) === undefined;
      if (isNews) await move(url, old, cache);
    }
    await caches.delete(name);
  }
  await worker.clients.claim();
}

async function move(url: string, from: Cache, to: Cache): Promise<void> {
  const response = await from.match(url);
  if (response !== undefined) await to.put(url, response);
}

async function keepAll(urls: readonly string[]): Promise<boolean> {
  const isBuilt = new Set(hashed.map(urlOf));
  try {
    await Promise.all(urls.filter((url) => isBuilt.has(url)).map((url) => take(url)));
    return true;
  } catch {
    return false;
  }
}

/** @throws {Error} where a file cannot be had whole. */
async function take(url: string): Promise<void> {
  const cache = await opened();
  if ((await cache.match(url)) !== undefined) return;
  const known = isHashed(url, scope) ? await caches.match(url) : undefined;
  await cache.put(url, bound(known ?? (await fetchWhole(url))));
}

async function fetchWhole(url: string): Promise<Response> {
  const response = await fetch(url, { cache: isHashed(url, scope) ? 'force-cache' : 'no-cache' });
  if (!isWhole(response)) throw new Error(`${url}: ${response.status}`);
  return response;
}

/** Under the page's policy: a `<meta>` does not bind the workers, which have that of the response that their script came with. */
function bound({ body, headers }: Response): Response {
  const bound = new Response(body, { headers });
  bound.headers.set('Content-Security-Policy', policy);
  return bound;
}

async function cacheFirst(request: Request, asked: Asked, keep: (response: Response) => void): Promise<Response> {
  const known = await caches.match(keyOf(asked));
  return known ?? fromNetwork(request, keep);
}

async function networkFirst(request: Request, asked: Asked, keep: (response: Response) => void): Promise<Response> {
  const known = await (await opened()).match(keyOf(asked));
  const fetched = fromNetwork(request, keep);
  if (known === undefined) return fetched;
  const late = new Promise<Response>((resolve) => setTimeout(resolve, PATIENCE_MS, known));
  return Promise.race([fetched, late]).catch(() => known);
}

async function fromNetwork(request: Request, keep: (response: Response) => void): Promise<Response> {
  const response = await fetch(request);
  if (isWhole(response)) keep(response.clone());
  return response;
}

/** A download that was called off, or a full disk, is no fault of the page's. */
async function put(key: string, response: Response): Promise<void> {
  try {
    await (await opened()).put(key, response);
  } catch {
    // Then it is not kept.
  }
}

function askedBy({ method, url, mode, headers }: Request): Asked {
  return { method, url, isNavigation: mode === 'navigate', isPart: headers.has('Range') };
}
