/**
 * Holds the flights and runs the clustering. The library needs no worker of the page's: it is here for what surrounds a
 * fit, to read millions of flights and to copy them.
 */

import { type Flights, readFlights } from '../data/flights.ts';
import file from '../node_modules/vega-datasets/data/flights-3m.parquet?url';
import { createEngine, type Dataset, type Engine } from '../src/index.ts';
import { covarianceMatrices } from './covariance.ts';
import type { Report, Request, Settings } from './messages.ts';

/** The engine in use, with the flights resident in it. */
interface Residence {
  readonly choice: Settings['backend'];
  readonly engine: Engine;
  readonly dataset: Dataset;
}

let flights: Flights;
let residence: Residence | null = null;
let running: AbortController | null = null;

addEventListener('message', ({ data: request }: MessageEvent<Request>) => {
  if (request.type === 'stop') running?.abort();
  else void (request.type === 'load' ? load(request.count) : run(request.settings)).catch(fail);
});

async function load(count: number | null): Promise<void> {
  flights = await readFlights(await fetchFile(), count, (fraction) => report({ type: 'progress', fraction }));
  // A copy made here and given away: to unpack one from a message would keep the page from answering for too long.
  const points = flights.points.slice();
  report({ type: 'flights', flights: { ...flights, points } }, [points.buffer]);
}

async function fetchFile(): Promise<ArrayBuffer> {
  const response = await fetch(file);
  if (!response.ok) throw new Error(`The flights could not be loaded: ${response.status} ${response.statusText}`);
  return response.arrayBuffer();
}

async function run(settings: Settings): Promise<void> {
  const { signal } = (running = new AbortController());
  const start = performance.now();
  try {
    const { engine, dataset } = await reside(settings.backend);
    const fit = FITS[settings.model];
    if (fit === undefined) throw new RangeError(`model must be 'kmeans' or 'mixture', got '${settings.model}'`);
    report({ type: 'engine', backend: dataset.backend, adapter: engine.info.adapter });
    const found = await fit(engine, dataset, settings, signal);
    report({ type: 'done', clusters: { ...found, time: performance.now() - start } }, [found.labels.buffer]);
  } catch (error) {
    if (!signal.aborted) throw error;
    report({ type: 'stopped' });
  } finally {
    running = null;
  }
}

const FITS = { kmeans: fitKMeans, mixture: fitMixture };

async function fitKMeans(engine: Engine, dataset: Dataset, { k, seed }: Settings, signal: AbortSignal) {
  const { labels, centroids, counts, inertia, iterations, converged, backend } = await engine.kmeans(dataset, {
    k,
    seed,
    signal,
    onIteration: ({ iteration, inertia }) => report({ type: 'iteration', iteration, objective: inertia }),
  });
  const model = 'kmeans' as const;
  return { model, k, labels, means: centroids, counts, objective: inertia, iterations, converged, backend };
}

async function fitMixture(engine: Engine, dataset: Dataset, { k, seed, covariance }: Settings, signal: AbortSignal) {
  const fitted = await engine.gaussianMixture(dataset, {
    k,
    covarianceType: covariance,
    seed,
    signal,
    onIteration: ({ iteration, lowerBound }) => report({ type: 'iteration', iteration, objective: lowerBound }),
  });
  const { labels, weights, means, components } = fitted;
  const { lowerBound, iterations, converged, decreased, backend } = fitted;
  const model = 'mixture' as const;
  const covariances = covarianceMatrices(fitted);
  const mixture = { model, k, labels, weights, means, covariances, components };
  return { ...mixture, objective: lowerBound, iterations, converged, decreased, backend };
}

/** Uploads once for each engine: another k or seed finds the flights where they are. */
async function reside(choice: Settings['backend']): Promise<Residence> {
  if (residence?.choice === choice) return residence;
  await leave();
  const engine = await createEngine({ backend: choice });
  try {
    const dataset = await engine.upload({ data: flights.points, shape: [flights.n, 3] });
    residence = { choice, engine, dataset };
    return residence;
  } catch (error) {
    await engine.destroy();
    throw error;
  }
}

async function leave(): Promise<void> {
  const left = residence;
  residence = null;
  await left?.engine.destroy();
}

async function fail(error: unknown): Promise<void> {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  report({ type: 'error', name, message });
  // Whatever went wrong, the next run starts with a fresh engine.
  await leave();
}

function report(report: Report, transfer: Transferable[] = []): void {
  postMessage(report, { transfer });
}
