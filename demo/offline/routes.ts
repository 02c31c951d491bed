/** What the service worker does with a request, as functions of what it is told. */

/** Built files have the hash of their content in their names there, so they never change. */
const HASHED = 'assets/';

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly isNavigation: boolean;
  /** Whether a part of the file is asked for. */
  readonly isPart: boolean;
}

/** Left to the browser; from the cache if it is there; from the network if that answers. */
export type Route = 'pass' | 'cache-first' | 'network-first';

/** @param scope the folder that the page is in, as a URL */
export function routeOf({ method, url, isPart }: Asked, scope: string): Route {
  if (method !== 'GET' || isPart || !url.startsWith(scope)) return 'pass';
  return isHashed(url, scope) ? 'cache-first' : 'network-first';
}

export function isHashed(url: string, scope: string): boolean {
  return url.startsWith(scope + HASHED);
}

/** What a request is kept under: a page is the same whatever its settings, and under both of its names. */
export function keyOf({ url, isNavigation }: Pick<Asked, 'url' | 'isNavigation'>): string {
  const { origin, pathname, search } = new URL(url);
  return origin + (isNavigation ? pathname.replace(/\/index\.html$/, '/') : pathname + search);
}

/** Whether a response is the whole of a file of this site's own, and may stand for it: a redirected one may not for a page. */
export function isWhole({ status, type, redirected }: Pick<Response, 'status' | 'type' | 'redirected'>): boolean {
  return status === 200 && type === 'basic' && !redirected;
}

/** Caches of one origin may belong to other pages, or to this one in another folder. */
export function cacheName(scope: string, version: string): string {
  return `${cachesOf(scope)}${version}`;
}

export function isOldCache(name: string, scope: string, version: string): boolean {
  return name.startsWith(cachesOf(scope)) && name !== cacheName(scope, version);
}

/** A folder ends in a slash, so none is the beginning of another's. */
function cachesOf(scope: string): string {
  return `webgpu-clustering ${scope} `;
}
