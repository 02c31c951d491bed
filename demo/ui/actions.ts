/** What the user may do, and the page by itself: each asks the worker, and leaves what comes of it in the state. */
import { batch } from '@preact/signals';
import { openChannel } from '../channel.ts';
import type { ColumnChoice } from '../features/features.ts';
import { formatNumber } from '../features/format.ts';
import type { Area, AxesChoice, Drawn, Exposure, SceneInfo } from '../picture/scene.ts';
import { axesOf, choicesIn, namedAxes, namedChoices, OWN_FILE, toAddress } from '../results/address.ts';
import { numbersOf } from '../results/numbers.ts';
import type { Opened, OpeningTold, PageCalls, Selection, Source, Taken, Told } from '../work/calls.ts';
import type { ComparisonProgress } from '../work/compare.ts';
import { lockFreed } from '../work/lost.ts';
import type { Run, Settings } from '../work/runs.ts';
import type { Status } from './state.ts';
import * as state from './state.ts';

const NOTHING_SAID = { columns: null, weights: null, gaps: null };

const { ask, restart, end } = openChannel<PageCalls>(
  () => new Worker(new URL('../work/worker.ts', import.meta.url), { type: 'module' }),
);
void watch();

const LOST = 'WorkerLostError';
const DEAF = 'WorkerDeafError';

/** What is under way, of which there is one at a time: the next one calls the one before off. */
let doing = new AbortController();

function begin(): AbortSignal {
  doing.abort();
  doing = new AbortController();
  batch(() => {
    // Whatever is called off here does not tidy up: what it left may be of the next one by then.
    state.loading.value = null;
    state.isStopping.value = false;
    if (state.status.value === 'error') state.status.value = settled();
    state.problem.value = null;
  });
  return doing.signal;
}

/** What there is while nothing is under way. */
function settled(): Status {
  if (state.prepared.value === null) return 'empty';
  return state.run.value === null ? 'ready' : 'done';
}

/** Starts another worker where this one was ended. */
async function watch(): Promise<void> {
  const lock = `webgpu-clustering ${crypto.randomUUID?.()}`;
  if (!(await ask('stay', lock).catch(() => false))) return;
  isWatched = true;
  await lockFreed(lock);
  startAnew(why);
  await watch();
}

/** Whether somebody hears that the worker has ended, and why it would have. */
let isWatched = false;
let why = LOST;

/** What the worker held is gone. */
function startAnew(error: string): void {
  begin();
  restart(error);
  why = LOST;
  forgetRuns();
  batch(() => {
    state.opened.value = null;
    state.choices.value = null;
    state.prepared.value = null;
    state.scene.value = null;
    state.sweep.value = null;
    state.comparison.value = null;
    state.live.value = null;
    state.wanted.value ??= state.source.value;
    fail(Object.assign(new Error(error), { name: error }));
  });
}

export async function openSource(source: Source, clusters: boolean): Promise<void> {
  const signal = begin();
  batch(() => {
    state.status.value = 'reading';
    state.loading.value = { loaded: 0, total: 0 };
    state.wanted.value = source;
    state.message.value = source.kind === 'file' ? `Reading ${source.name}…` : 'Reading…';
  });
  try {
    const onProgress = (told: OpeningTold) => {
      if (signal.aborted) return;
      if ('part' in told) void showPart(told, source, signal, clusters);
      else state.loading.value = told;
    };
    const opened = await ask('open', source, { signal, onProgress });
    forgetRuns();
    const said = choicesIn(state.link.value ?? NOTHING_SAID, { columns: opened.summaries }, opened.choices);
    batch(() => {
      state.loading.value = null;
      state.source.value = source;
      // It has been read: whatever goes wrong from here on does so again if it is read again.
      state.wanted.value = null;
      state.opened.value = opened;
      state.choices.value = said.choices;
      state.unmatched.value = [...said.notices, ...axesMissing(opened)];
      state.axes.value = null;
      state.sweep.value = null;
      state.comparison.value = null;
    });
    await prepare(signal);
    // It spoke of this table, and says nothing of the next one.
    state.link.value = null;
    if (clusters) await cluster();
  } catch (error) {
    if (!signal.aborted) fail(error);
  } finally {
    if (doing.signal === signal) state.loading.value = null;
  }
}

/** What there is to say of axes that the address names. */
function axesMissing({ summaries }: Opened): string[] {
  const named = state.link.value?.axes ?? null;
  const isMissing = named !== null && axesOf(named, { columns: summaries }) === null;
  return isMissing ? ['The address names axes that this table does not have: others are shown.'] : [];
}

/** The first rows are seen while the others are read, and kept if these do not come. */
async function showPart(
  { part, prepared }: Extract<OpeningTold, { part: Opened }>,
  source: Source,
  signal: AbortSignal,
  clusters: boolean,
): Promise<void> {
  forgetRuns();
  batch(() => {
    state.source.value = source;
    state.unmatched.value = [];
    state.sweep.value = null;
    state.comparison.value = null;
    state.opened.value = part;
    state.choices.value = part.choices;
    state.prepared.value = prepared;
    state.axes.value = null;
  });
  // All rows may have come meanwhile.
  await aimAt(axesFor(), signal).catch(() => undefined);
  // They are drawn, and the others are on their way.
  if (clusters && !signal.aborted) ask('warm', state.settings.value.backend).catch(() => undefined);
}

/** Of reading: what was there before still is, or the rows that have come. */
export function cancel(): void {
  doing.abort();
  if (state.status.value !== 'reading') return;
  batch(() => {
    state.loading.value = null;
    state.status.value = settled();
    state.message.value = 'Reading was cancelled.';
  });
  void endIfDeaf();
}

/** Milliseconds that the worker may take to hear that somebody has cancelled. */
const PATIENCE_MS = 10_000;

/** A damaged file may keep what reads it busy for ever. */
async function endIfDeaf(): Promise<void> {
  const patience = new Promise<'deaf'>((resolve) => setTimeout(resolve, PATIENCE_MS, 'deaf'));
  // One that has ended meanwhile is no longer deaf.
  const answer = ask('loaded', null).catch(() => null);
  if ((await Promise.race([answer, patience])) !== 'deaf') return;
  why = DEAF;
  end();
  if (!isWatched) startAnew(why);
}

export async function retry(): Promise<void> {
  if (state.wanted.value !== null) await openSource(state.wanted.value, true);
}

/** Other columns or scalings: points are made anew, and the runs before are not of them. */
export async function choose(column: number, change: Partial<ColumnChoice>): Promise<void> {
  const choices = state.choices.value!;
  const columns = choices.columns.map((choice, i) => (i === column ? { ...choice, ...change } : choice));
  await changeChoices({ ...choices, columns });
}

export async function changeChoices(choices: NonNullable<typeof state.choices.value>): Promise<void> {
  state.choices.value = choices;
  if (state.link.value !== null) state.link.value = { ...state.link.value, ...NOTHING_SAID };
  const signal = begin();
  forgetRuns();
  state.sweep.value = null;
  // Its run has been called off.
  if (state.status.value === 'running') state.status.value = 'ready';
  try {
    await prepare(signal);
  } catch (error) {
    if (!signal.aborted) fail(error);
  }
}

async function prepare(signal: AbortSignal): Promise<void> {
  state.prepared.value = null;
  const prepared = await ask('prepare', state.choices.value!, { signal });
  state.prepared.value = prepared;
  await aimAt(axesFor(), signal);
  state.status.value = 'ready';
  state.message.value = `${formatNumber(prepared.n)} rows of ${prepared.d} features are ready.`;
}

/** The axes of now where there still are such columns; else the first two of the features. */
function axesFor(): AxesChoice {
  const { features, d } = state.prepared.value!;
  const said = axesOf(state.link.value?.axes ?? null, { columns: state.opened.value!.summaries });
  if (state.axes.value === null && said !== null && isThere(said)) return said;
  if (state.axes.value !== null && isThere(state.axes.value)) return state.axes.value;
  const used = [...new Set(features.map(({ column }) => column))];
  if (used.length > 3 || (used.length === 1 && d > 1)) return { kind: 'components', count: 2 };
  return { kind: 'columns', x: used[used.length - 1], y: used[0] };
}

/** Components are of the features that are used; columns can be seen without. */
function isThere(axes: AxesChoice): boolean {
  return axes.kind !== 'components' || axes.count <= state.prepared.value!.d;
}

/** What the user asks for beside all that is under way: it ends nothing, and may be too late. */
async function aside(act: () => Promise<void>): Promise<void> {
  const { signal } = doing;
  try {
    await act();
  } catch (error) {
    // Of what is there no longer nobody wants to know.
    if (!signal.aborted) state.problem.value = wordsOf(error);
  }
}

export const aim = (axes: AxesChoice): Promise<void> => aside(() => aimAt(axes));

async function aimAt(axes: AxesChoice, signal?: AbortSignal): Promise<void> {
  const scene = await ask('aim', axes, { signal });
  const centres = await centresIn(scene);
  batch(() => {
    state.axes.value = axes;
    state.scene.value = scene;
    state.centres.value = centres;
    state.pictured.value++;
  });
}

/** Where clusters are, where the axes do not tell by themselves. */
async function centresIn(scene: SceneInfo | null): Promise<Float64Array | null> {
  return scene === null || scene.shares !== null ? null : ask('centres', null);
}

export async function cluster(): Promise<void> {
  const signal = begin();
  const settings = state.settings.value;
  batch(() => {
    state.status.value = 'running';
    state.runBefore.value = state.runs.value.at(-1)?.id ?? 0;
    state.steps.value = [];
    state.live.value = null;
    state.alone.value = null;
    state.message.value = 'Choosing a start…';
  });
  try {
    const run = await ask('cluster', settings, { signal, onProgress: (told) => signal.aborted || hear(told) });
    // It may have ended just before it was called off.
    signal.throwIfAborted();
    await showRun(run, signal);
    performance.mark('run:done');
  } catch (error) {
    if (!signal.aborted) fail(error);
  } finally {
    if (doing.signal === signal) {
      state.live.value = null;
      state.isStopping.value = false;
    }
  }
}

function hear(told: Told): void {
  if (told.kind === 'engine') state.engine.value = told.engine;
  else if (told.kind === 'live') state.live.value = told.means;
  else {
    const steps = [...state.steps.value, ...told.steps];
    // Of several starts each begins anew.
    state.steps.value = steps.slice(steps.map(({ iteration }) => iteration).lastIndexOf(1));
    state.message.value = `Iteration ${formatNumber(steps[steps.length - 1].iteration)}…`;
  }
}

async function showRun(run: Run, signal: AbortSignal): Promise<void> {
  state.runs.value = [...state.runs.value, run];
  // Not where clusters are drawn too: it takes the page a while.
  history.replaceState(null, '', addressOf(run.settings));
  await show(run.id, () => {
    // Something else is under way, which has a status of its own.
    if (signal.aborted) return;
    state.status.value = 'done';
    state.message.value = verdict(run);
  });
}

/** Goes back, or forward, to a run. */
export async function goTo(id: number): Promise<void> {
  await aside(() =>
    show(id, () => {
      if (isBusy()) return;
      state.status.value = 'done';
      state.problem.value = null;
      state.message.value = verdict(state.run.value!);
    }),
  );
}

const isBusy = () => state.status.value === 'reading' || state.status.value === 'running';

/** @param say what else changes with its clusters: all is drawn at once */
async function show(id: number, say: () => void): Promise<void> {
  await ask('show', id);
  const centres = await centresIn(state.scene.value);
  batch(() => {
    state.shownRun.value = id;
    // The picture of all rows takes the place of the last live one, if it is of the run that has just ended.
    if (id > state.runBefore.value) state.live.value = null;
    state.centres.value = centres;
    state.alone.value = null;
    state.profiles.value = null;
    state.pictured.value++;
  });
  const profiles = await ask('profile', id);
  if (state.shownRun.value !== id) return;
  batch(() => {
    state.profiles.value = profiles;
    say();
  });
}

function verdict(run: Run): string {
  const iterations = `${formatNumber(run.iterations)} ${run.iterations === 1 ? 'iteration' : 'iterations'}`;
  if (run.stopped) return `Stopped after ${iterations}: this is what it had come to.`;
  if (run.converged) return `Converged after ${iterations}.`;
  if (run.decreased) return `Not converged: after ${iterations} the lower bound fell where it should only rise.`;
  return `Not converged: ended at the limit of ${iterations}.`;
}

/** Ends the run, and keeps what is there. */
export async function stop(): Promise<void> {
  state.isStopping.value = true;
  state.message.value = 'Stopping…';
  await ask('stop', null);
}

export async function sweep(from: number, to: number): Promise<void> {
  const signal = begin();
  const { seed, backend } = state.settings.value;
  batch(() => {
    state.isSweeping.value = true;
    state.sweep.value = { rows: [], done: null };
  });
  try {
    const done = await ask(
      'sweep',
      { from, to, seed, backend },
      {
        signal,
        onProgress: (row) => {
          if (!signal.aborted) state.sweep.value = { rows: [...state.sweep.value!.rows, row], done: null };
        },
      },
    );
    state.sweep.value = { rows: done.rows, done };
  } catch (error) {
    if (!signal.aborted) fail(error);
  } finally {
    state.isSweeping.value = false;
  }
}

export async function compare(): Promise<void> {
  const signal = begin();
  const { k, seed } = state.settings.value;
  state.comparison.value = { saying: 'Beginning…', done: null };
  try {
    const onProgress = ({ name, done, of }: ComparisonProgress) => {
      if (!signal.aborted) state.comparison.value = { saying: `${name}, ${done + 1} of ${of}…`, done: null };
    };
    state.comparison.value = { saying: '', done: await ask('compare', { k, seed }, { signal, onProgress }) };
  } catch (error) {
    state.comparison.value = null;
    if (!signal.aborted) fail(error);
  }
}

/** A link to what is shown: all but the file. */
export function addressOf(settings: Settings): string {
  const opened = state.opened.value!;
  const table = { columns: opened.summaries };
  const source = state.source.value;
  const words = toAddress({
    source: source?.kind === 'builtin' ? source.id : OWN_FILE,
    ...namedChoices(state.choices.value!, table, opened.choices),
    settings,
    axes: namedAxes(state.axes.value, table),
  });
  return `${location.origin}${location.pathname}?${words}`;
}

export const loadedByWorker = () => ask('loaded', null);

export const expose = (exposure: Exposure, signal: AbortSignal): Promise<Drawn> => ask('expose', exposure, { signal });
export const pick = (column: number, row: number) => ask('pick', { column, row });
/** Chooses the rows in an area: they stand out in the next pictures. */
export async function chooseRows(area: Area): Promise<Selection> {
  const selection = await ask('choose', area);
  state.pictured.value++;
  return selection;
}

export async function unchooseRows(): Promise<void> {
  await ask('unchoose', null);
  state.pictured.value++;
}

export const agreement = (one: number, other: number) => ask('agreement', [one, other]);

export const rowsOf = (run: number, cluster: number, columns: readonly number[]) =>
  ask('rows', { run, cluster, columns });
export const repaint = (run: number, most: number, signal: AbortSignal) => ask('repaint', { run, most }, { signal });

/** Finds out how sure it is of each row where it belongs: the next pictures may show it. */
export async function findDoubt(): Promise<void> {
  await aside(async () => {
    await ask('doubt', null);
    state.pictured.value++;
  });
}

export function take(what: Taken['what'], fileName: string): Promise<void> {
  return aside(async () => {
    const run = state.run.value;
    // It may be gone before the button is.
    if (run !== null) save(await ask('take', { what, run: run.id, names: namesOf(run) }), fileName);
  });
}

/** The names that the user gave to clusters; null where there are none. */
function namesOf(run: Run): string[] | null {
  const given = (cluster: number) => state.names.value.get(`${run.id} ${cluster}`);
  const numbers = numbersOf(run);
  const names = numbers.map((number, cluster) => given(cluster) || String(number));
  return names.some((name, cluster) => name !== String(numbers[cluster])) ? names : null;
}

export function save(blob: Blob, fileName: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = fileName;
  link.click();
  // The download has begun by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export function change(part: Partial<Settings>): void {
  state.settings.value = { ...state.settings.value, ...part };
}

function forgetRuns(): void {
  batch(() => {
    state.runs.value = [];
    state.shownRun.value = null;
    state.profiles.value = null;
    state.names.value = new Map();
    state.alone.value = null;
    state.steps.value = [];
  });
}

function fail(error: unknown): void {
  batch(() => {
    state.status.value = 'error';
    state.problem.value = wordsOf(error);
    state.message.value = '';
  });
}

const PLAIN_WORDS: ReadonlyMap<string, string> = new Map([
  ['WebGPUUnavailableError', 'This browser offers no WebGPU on this machine. Choose the engine “automatic” or “CPU”.'],
  [
    LOST,
    'The part of this page that computes was ended, perhaps because memory ran out. What it held is gone: try again, or open less.',
  ],
  [
    DEAF,
    'What read that file went on when it was cancelled, and was ended. The table before is gone with it: open it again.',
  ],
  ['DeviceLostError', 'The GPU was lost during the run. Run again, or choose the engine “CPU”.'],
]);

/** Errors whose messages are meant for the user. */
const SAID: ReadonlySet<string> = new Set(['RangeError', 'UnreadableError', 'ChoiceError', 'DownloadError']);

function wordsOf(error: unknown): string {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return PLAIN_WORDS.get(name) ?? (SAID.has(name) ? message : `Something went wrong: ${message}`);
}
