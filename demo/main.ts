/**
 * The page: settings in, figures and the picture out. The work is done in `worker.ts`.
 */

import type { Flights } from '../data/flights.ts';
import { number } from './axes.ts';
import { fillLegend, fillRemarks, rankClusters } from './legend.ts';
import type { Clusters, Report, Request, Settings } from './messages.ts';
import { createPlot } from './plot.ts';

/**
 * The element #result tells the state in `data-status`, and of the run, as far as it has come, `data-model`,
 * `data-engine`, `data-points`, `data-iterations` and `data-objective`. Its property `result` is the finished clustering
 * with the points that were clustered, null while there is none.
 */
export interface ResultElement extends HTMLElement {
  result: (Clusters & Pick<Flights, 'n' | 'points'>) | null;
}

type Status = 'loading' | 'running' | 'done' | 'error';

const result = byId<ResultElement>('result');
const fields = byId<HTMLFieldSetElement>('fields');
const runButton = byId<HTMLButtonElement>('run');
const stopButton = byId<HTMLButtonElement>('stop');
const model = byId<HTMLSelectElement>('model');
const covariance = byId<HTMLSelectElement>('covariance');
const k = byId<HTMLInputElement>('k');
const seed = byId<HTMLInputElement>('seed');
const backend = byId<HTMLSelectElement>('backend');

const plot = createPlot(byId<HTMLCanvasElement>('plot'));
const darkScheme = matchMedia('(prefers-color-scheme: dark)');
const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });

let flights: Flights | null = null;
let objectives: number[] = [];
let started = 0;
let clock = 0;

worker.onmessage = ({ data }: MessageEvent<Report>) => receive(data);
worker.onerror = (event) => showError('Error', event.message || 'The page could not be loaded whole. Load it again.');
byId('settings').addEventListener('submit', (event) => {
  event.preventDefault();
  keepInAddress(readFields());
  run(readFields());
});
stopButton.addEventListener('click', () => send({ type: 'stop' }));
byId<HTMLSelectElement>('view').addEventListener('change', ({ target }) => {
  const [x, y] = (target as HTMLSelectElement).value.split(' ').map(Number);
  plot.setFeatures(x, y);
});
byId('zoom-in').addEventListener('click', () => plot.zoom(1.5));
byId('zoom-out').addEventListener('click', () => plot.zoom(1 / 1.5));
byId('zoom-home').addEventListener('click', () => plot.home());
darkScheme.addEventListener('change', showLegend);

const address = new URLSearchParams(location.search);
const asked = readAddress();
model.value = asked.model;
covariance.value = asked.covariance;
k.value = String(asked.k);
seed.value = String(asked.seed);
backend.value = asked.backend;
result.result = null;
send({ type: 'load', count: address.has('points') ? Number(address.get('points')) : null });

function receive(report: Report): void {
  if (report.type === 'progress') say(`Reading the flights… ${Math.round(100 * report.fraction)} %`);
  else if (report.type === 'flights') startWith(report.flights);
  else if (report.type === 'engine') showEngine(report.backend, report.adapter);
  else if (report.type === 'iteration') showIteration(report.iteration, report.objective);
  else if (report.type === 'done') finish(report.clusters);
  else if (report.type === 'stopped') showStopped();
  else showError(report.name, report.message);
}

function startWith(loaded: Flights): void {
  flights = loaded;
  result.dataset.points = String(loaded.n);
  show('n', number(loaded.n));
  show('d', '3');
  plot.setFlights(loaded);
  run(asked);
}

function run(settings: Settings): void {
  setStatus('running');
  result.result = null;
  delete result.dataset.engine;
  delete result.dataset.objective;
  result.dataset.model = settings.model;
  result.dataset.iterations = '0';
  objectives = [];
  for (const id of ['engine', 'iteration', 'objective']) show(id, '–');
  show('clusters', String(settings.k));
  plot.setClusters(null, []);
  byId('legend').replaceChildren();
  byId('remarks').replaceChildren();
  drawSparkline();
  say(settings.model === 'mixture' ? 'Looking for a start by k-means…' : 'Choosing the first centroids…');
  started = performance.now();
  clock = window.setInterval(() => showTime(performance.now() - started), 100);
  send({ type: 'run', settings });
}

function showEngine(name: string, adapter: string): void {
  result.dataset.engine = name;
  show('engine', name === 'cpu' ? 'CPU' : `WebGPU${adapter && ` (${adapter})`}`);
}

function showIteration(iteration: number, objective: number): void {
  showProgress(iteration, objective);
  say(result.dataset.model === 'mixture' ? 'Fitting the Gaussians…' : 'Moving the centroids…');
}

function showProgress(iterations: number, objective: number): void {
  result.dataset.iterations = String(iterations);
  result.dataset.objective = String(objective);
  show('iteration', number(iterations));
  show('objective', formatObjective(objective));
  // The last of a mixture is told twice; k-means has one more, of the assignment behind its last iteration.
  if (objective !== objectives.at(-1)) objectives.push(objective);
  drawSparkline();
}

function finish(clusters: Clusters): void {
  const { n, points } = flights!;
  result.result = { n, points, ...clusters };
  // A run that lost its GPU ends on the CPU.
  if (clusters.backend !== result.dataset.engine) showEngine(clusters.backend, '');
  showProgress(clusters.iterations, clusters.objective);
  plot.setClusters(clusters, rankClusters(clusters));
  showLegend();
  fillRemarks(byId('remarks'), clusters, rankClusters(clusters));
  setStatus('done');
  showTime(clusters.time);
  say(verdict(clusters));
}

function verdict(clusters: Clusters): string {
  const iterations = count(clusters.iterations);
  if (clusters.converged) return `Converged after ${iterations}.`;
  if (clusters.model === 'mixture' && clusters.decreased) {
    return `Not converged: after ${iterations} the lower bound fell where it should only rise.`;
  }
  return `Not converged: ended at the limit of ${iterations}.`;
}

function showStopped(): void {
  setStatus('done');
  say(
    `Stopped after ${count(Number(result.dataset.iterations))}, before the flights were assigned. Press Run to start again.`,
  );
}

function showError(name: string, message: string): void {
  setStatus('error');
  // A RangeError names the setting that is wrong.
  say(PLAIN_WORDS[name] ?? (name === 'RangeError' ? message : `Something went wrong: ${message}`));
}

const PLAIN_WORDS: Record<string, string> = {
  WebGPUUnavailableError: 'This browser offers no WebGPU on this machine. Choose the engine Automatic or CPU, and run.',
  DeviceLostError: 'The GPU was lost during the run. Run again, or choose the engine CPU.',
};

function setStatus(status: Status): void {
  result.dataset.status = status;
  const running = status === 'running';
  clearInterval(clock);
  fields.disabled = running;
  runButton.disabled = running || flights === null;
  stopButton.disabled = !running;
}

function showLegend(): void {
  const clusters = result.result;
  if (clusters === null) return;
  const scheme = darkScheme.matches ? 'dark' : 'light';
  fillLegend(byId('legend'), flights!, clusters, rankClusters(clusters), scheme, plot.setAlone);
}

/** The objectives so far, from the lowest to the highest, over the width of the picture. */
function drawSparkline(): void {
  const low = Math.min(...objectives);
  const high = Math.max(...objectives);
  const last = Math.max(1, objectives.length - 1);
  const steps = objectives.map((objective, i) => {
    const height = high > low ? (objective - low) / (high - low) : 0.5;
    return `${((100 * i) / last).toFixed(2)} ${(38 - 36 * height).toFixed(2)}`;
  });
  const path = steps.length > 1 ? `M${steps.join('L')}` : '';
  byId('sparkline').firstElementChild!.setAttribute('d', path);
  show(
    'range',
    path && `from ${formatObjective(objectives[0])} to ${formatObjective(objectives[objectives.length - 1])}`,
  );
}

function readAddress(): Settings {
  return {
    model: (address.get('model') ?? 'kmeans') as Settings['model'],
    covariance: (address.get('covariance') ?? 'full') as Settings['covariance'],
    k: Number(address.get('k') ?? 8),
    seed: Number(address.get('seed') ?? 0),
    backend: (address.get('backend') ?? 'auto') as Settings['backend'],
  };
}

function readFields(): Settings {
  return {
    model: model.value as Settings['model'],
    covariance: covariance.value as Settings['covariance'],
    k: k.valueAsNumber,
    seed: seed.valueAsNumber,
    backend: backend.value as Settings['backend'],
  };
}

function keepInAddress(settings: Settings): void {
  for (const [name, value] of Object.entries(settings)) address.set(name, String(value));
  history.replaceState(null, '', `?${address}`);
}

function send(request: Request): void {
  worker.postMessage(request);
}

function say(message: string): void {
  show('message', message);
}

function show(id: string, text: string): void {
  byId(id).textContent = text;
}

function showTime(milliseconds: number): void {
  show('time', `${(milliseconds / 1000).toFixed(2)} s`);
}

function formatObjective(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 7 }).replace('-', '−');
}

function count(iterations: number): string {
  return `${number(iterations)} ${iterations === 1 ? 'iteration' : 'iterations'}`;
}

function byId<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}
