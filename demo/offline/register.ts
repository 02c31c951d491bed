/** The page's end of the service worker. */

export interface Keeper {
  /**
   * Keeps files that were loaded before the service worker ran: see `loadedWhole`. They are not loaded again where the browser
   * still has them.
   *
   * @returns whether all are kept.
   */
  keep(urls: readonly string[]): Promise<boolean>;
}

/**
 * Lets the built page open without a network from now on. Call it when there is nothing more urgent.
 *
 * @returns null where that cannot be, as in a page that is not built, not loaded by https, or in a private window
 */
export async function openKeeper(): Promise<Keeper | null> {
  if (!import.meta.env.PROD || !isSecureContext) return null;
  try {
    // Where storage is denied, as in a sandboxed frame, asking for it is enough to fail.
    const { serviceWorker }: Partial<Navigator> = navigator;
    if (serviceWorker === undefined) return null;
    const registration = await serviceWorker.register(new URL('./service-worker.js', document.baseURI));
    const { active } = await Promise.race([serviceWorker.ready, failureOf(registration)]);
    return active && { keep: (urls) => keptBy(active, urls) };
  } catch {
    // Whatever it is, the page works without.
    return null;
  }
}

/** Where not all of the page could be had, there is never a worker that is ready. */
function failureOf({ installing }: ServiceWorkerRegistration): Promise<never> {
  return new Promise((_, reject) => {
    installing?.addEventListener('statechange', () => {
      if (installing.state === 'redundant') reject(new Error('the page could not be kept'));
    });
  });
}

function keptBy(worker: ServiceWorker, urls: readonly string[]): Promise<boolean> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = ({ data }: MessageEvent<boolean>) => {
      port1.close();
      resolve(data);
    };
    worker.postMessage(urls, [port2]);
  });
}
