/**
 * All that the worker holds: the table, the points that were made of it, the engine that has them, the runs, and what the
 * picture is drawn from. Its methods are the functions that the page calls.
 */
import type { GaussianMixtureModel } from '../../src/index.ts';
import { runAsync } from '../../src/steps.ts';
import { type Caller, Given } from '../channel.ts';
import type { Choices, ColumnSummary, Features } from '../features/features.ts';
import { formatNumber, formatShare } from '../features/format.ts';
import { prepare } from '../features/prepare.ts';
import { suggestedChoices, summaries, summaryOf, together } from '../features/summaries.ts';
import { wordsAt } from '../features/words.ts';
import type { Area, AxesChoice, Drawn, Exposure, Picked, SceneInfo } from '../picture/scene.ts';
import { Stage } from '../picture/stage.ts';
import type { Agreement } from '../results/agreement.ts';
import { numbersOf } from '../results/numbers.ts';
import type { ClusterProfile } from '../results/profile.ts';
import type { Extremes, RowsTold } from '../results/rows.ts';
import { loadBuiltin } from '../tables/builtin.ts';
import { FLIGHT_COLUMNS } from '../tables/builtin-list.ts';
import { loadFlights } from '../tables/flights.ts';
import { type Reading, readTable } from '../tables/read.ts';
import type { Column, Table } from '../tables/table.ts';
import type {
  ComparisonAsked,
  EngineTold,
  Loading,
  Opened,
  OpeningTold,
  Place,
  Prepared,
  RepaintAsked,
  RowsAsked,
  Selection,
  Source,
  Taken,
  Told,
} from './calls.ts';
import type { Comparison, ComparisonProgress } from './compare.ts';
import { fit, type KeptRun } from './fits.ts';
import { spread } from './live.ts';
import { loadEngine, Residence, type Resident, someOf } from './residence.ts';
import type { Run, Settings } from './runs.ts';
import type { Sweep, SweepAsked, SweepRow } from './sweep.ts';
import { THREADS } from './threads.ts';

export class Desk {
  #table: Table | null = null;
  /** The table's own file, where somebody opened one. */
  #file: Blob | null = null;
  #summaries: readonly ColumnSummary[] = [];
  #features: Features | null = null;
  readonly #residence = new Residence();
  readonly #runs = new Map<number, KeptRun>();
  readonly #extremes = new WeakMap<KeptRun, Promise<Extremes>>();
  /** Called off where the runs are forgotten. */
  #ofRuns = new AbortController();
  #shown: KeptRun | null = null;
  readonly #stage = new Stage();
  /** Somebody may wait for the next picture. */
  #onPicture: () => void = () => undefined;
  #lastRun = 0;
  #isStopped = false;

  async open(source: Source, { signal, tell }: Caller<OpeningTold>): Promise<Opened> {
    const onProgress = seldom(tell);
    // Behind the last row nobody waits for the first ones.
    const whole = new AbortController();
    const isWanted = AbortSignal.any([signal, whole.signal]);
    const onPart = (part: Table) => void this.#showPart(part, isWanted, tell).catch(() => undefined);
    const { table, found } = await this.#read(source, { signal, onProgress }, onPart).finally(() => whole.abort());
    this.#forget();
    // The next one may have come meanwhile.
    signal.throwIfAborted();
    this.#table = table;
    this.#file = source.kind === 'file' ? source.file : null;
    this.#summaries = found;
    return openedOf(table, found);
  }

  async #read(source: Source, reading: Reading, onPart: (part: Table) => void) {
    const { signal } = reading;
    const summed = async (table: Table) => ({ table, found: await runAsync(summaries(table), signal) });
    if (source.kind === 'file' || source.id !== 'flights') loadEngine().catch(() => undefined);
    if (source.kind === 'file') return summed(await readTable(source.file, source.name, reading));
    const { id, rows } = source;
    if (id !== 'flights') return summed(await loadBuiltin(id, reading));
    let see: () => void = () => undefined;
    const pictured = new Promise<void>((resolve) => {
      see = resolve;
      this.#onPicture = resolve;
    });
    const summing: Promise<ColumnSummary>[] = [];
    // As soon as it is there, decoders have the next one meanwhile; but behind the first picture, which takes this thread too.
    const onColumn = (column: Column, at: number) => {
      summing[at] = pictured.then(() => runAsync(summaryOf(column, FLIGHT_COLUMNS.length), signal));
      summing[at].catch(() => undefined);
    };
    const table = await loadFlights({ ...reading, rows, onPart, onColumn }).finally(see);
    return { table, found: together(await Promise.all(summing)) };
  }

  /** Some rows, until all are there: they are seen, and they are the table if the others never come. */
  async #showPart(part: Table, signal: AbortSignal, tell: (told: OpeningTold) => void): Promise<void> {
    const found = await runAsync(summaries(part), signal);
    const opened = openedOf(part, found);
    const features = await runAsync(prepare(part, opened.choices, found), signal);
    this.#forget();
    signal.throwIfAborted();
    this.#table = part;
    this.#file = null;
    this.#summaries = found;
    this.#features = features;
    this.#stage.setPoints(part, features);
    tell({ part: opened, prepared: preparedOf(features) });
  }

  async prepare(choices: Choices, { signal }: Caller<never>): Promise<Prepared> {
    const table = this.#tableOf();
    // If these cannot be had, the ones before are still not those of the choices that are seen.
    this.#features = null;
    const features = await runAsync(prepare(table, choices, this.#summaries), signal);
    this.#forgetRuns();
    this.#features = features;
    this.#stage.setPoints(table, features);
    return preparedOf(features);
  }

  async warm(backend: Settings['backend']): Promise<null> {
    await this.#residence.warm(backend);
    return null;
  }

  async cluster(settings: Settings, caller: Caller<Told>): Promise<Run> {
    const features = this.#featuresOf();
    this.#isStopped = false;
    try {
      return await this.#clusterOnce(features, settings, caller);
    } catch (error) {
      // A buffer of points goes with its device: they are still here, and the CPU is.
      if (settings.backend !== 'auto' || (error as Error).name !== 'DeviceLostError') throw error;
      await this.#residence.lose();
      return this.#clusterOnce(features, settings, caller);
    }
  }

  async #clusterOnce(features: Features, settings: Settings, caller: Caller<Told>): Promise<Run> {
    const resident = await this.#residence.of(settings.backend, features);
    // It comes while the run is on.
    const profiling = import('../results/profile.ts');
    profiling.catch(() => undefined);
    caller.tell({ kind: 'engine', engine: toldOf(resident) });
    try {
      const kept = await fit(this.#lastRun + 1, resident, features, settings, {
        ...caller,
        isStopped: () => this.#isStopped,
        show: ({ places, labels }) => this.#stage.setLive({ places, labels, k: settings.k }),
        pictureTime: () => this.#stage.liveTime,
      });
      const before = this.#runs.get(this.#lastRun) ?? null;
      const previous = before && { labels: before.labels, colours: before.run.colours, k: before.run.k };
      const { matchColours } = await profiling;
      // With weights they are sums of these.
      const sizes = features.weights === null ? kept.run.counts : undefined;
      const colours = matchColours(previous, kept.labels, settings.k, sizes);
      const palette = await this.#paletteOf(features, kept.labels, settings.k, caller.signal);
      const run = { ...kept.run, colours, palette };
      this.#lastRun = run.id;
      this.#runs.set(run.id, { ...kept, run });
      await this.#stage.paintFrom(resident.points);
      if (kept.labelsBuffer !== null) this.#stage.adopt(kept.labels, kept.labelsBuffer);
      return run;
    } catch (error) {
      if (!caller.signal.aborted) await this.#residence.leave();
      throw error;
    } finally {
      this.#stage.setLive(null);
    }
  }

  /** Of pixels; null where rows are none. */
  async #paletteOf(features: Features, labels: Uint32Array, k: number, signal: AbortSignal): Promise<Run['palette']> {
    const table = this.#tableOf();
    if (table.image === undefined) return null;
    const { paletteOf } = await import('../results/repaint.ts');
    return runAsync(paletteOf(table, features, labels, k), signal);
  }

  async stop(): Promise<null> {
    this.#isStopped = true;
    return null;
  }

  async sweep(asked: SweepAsked, caller: Caller<SweepRow>): Promise<Sweep> {
    const { recommendation, SWEEP_ROWS, sweepOver } = await import('./sweep.ts');
    const features = this.#featuresOf();
    if (features.n <= asked.from) {
      throw new RangeError(
        `To compare numbers of clusters takes ${asked.from + 1} rows at least: here are ${features.n}.`,
      );
    }
    const sampled = features.n > SWEEP_ROWS;
    const some = sampled ? someOf(features, spread(features.n, SWEEP_ROWS)) : features;
    const residence = sampled ? new Residence() : this.#residence;
    try {
      const { engine, dataset } = await residence.of(asked.backend, some);
      const to = Math.min(asked.to, some.n - 1);
      const rows = await sweepOver(engine, dataset, { ...asked, to }, caller);
      return { rows, ...recommendation(rows), sampled: some.n, n: features.n };
    } finally {
      if (sampled) await residence.leave();
    }
  }

  async show(id: number | null): Promise<null> {
    this.#shown = id === null ? null : this.#runOf(id);
    this.#stage.setClusters(this.#shown && { labels: this.#shown.labels, k: this.#shown.run.k });
    return null;
  }

  aim(axes: AxesChoice, { signal }: Caller<never>): Promise<SceneInfo> {
    return this.#stage.aim(axes, signal);
  }

  centres({ signal }: Caller<never>): Promise<Float64Array | null> {
    return this.#stage.centres(signal);
  }

  async doubt({ signal }: Caller<never>): Promise<null> {
    const mixture = this.#shown?.mixture ?? null;
    if (mixture !== null && !this.#stage.hasDoubt) {
      this.#stage.setDoubt(await doubtOf(mixture, this.#featuresOf(), signal));
    }
    return null;
  }

  async expose(exposure: Exposure, { signal }: Caller<never>): Promise<Given<Drawn>> {
    const drawn = await this.#stage.expose(exposure, signal);
    this.#onPicture();
    return new Given(drawn, [drawn.bitmap]);
  }

  async pick({ column, row }: Place): Promise<Picked | null> {
    const found = this.#stage.pick(column, row);
    if (found === null) return null;
    const { point, place } = found;
    const features = this.#featuresOf();
    const tableRow = features.rows?.[point] ?? point;
    const cluster = this.#shown?.labels[point] ?? null;
    const values = linesOf(this.#tableOf(), tableRow);
    const memberships = await this.#membershipsOf(point);
    return { row: tableRow, place, cluster, lines: [...memberships, ...values] };
  }

  async choose(area: Area, { signal }: Caller<never>): Promise<Selection> {
    const points = await this.#stage.choose(area, signal);
    const { n } = this.#featuresOf();
    const lines = this.#shown === null ? [] : sharesOf(points, this.#shown);
    return {
      count: points.length,
      n,
      lines: [`${formatNumber(points.length)} of ${formatNumber(n)} rows lie within.`, ...lines],
    };
  }

  async unchoose(): Promise<null> {
    this.#stage.unchoose();
    return null;
  }

  async profile(id: number, { signal }: Caller<never>): Promise<readonly ClusterProfile[]> {
    const { profiles } = await import('../results/profile.ts');
    const { labels, run } = this.#runOf(id);
    return runAsync(profiles(this.#tableOf(), this.#featuresOf(), labels, run.k, this.#summaries), signal);
  }

  async rows({ run, cluster, columns }: RowsAsked): Promise<RowsTold> {
    const [table, features] = [this.#tableOf(), this.#featuresOf()];
    const { rowsTold } = await import('../results/rows.ts');
    return rowsTold(table, features, await this.#extremesOf(this.#runOf(run)), cluster, columns);
  }

  /** Found for all clusters at once, when somebody asks for those of one, and kept. */
  #extremesOf(kept: KeptRun): Promise<Extremes> {
    const known = this.#extremes.get(kept);
    if (known !== undefined) return known;
    const finding = this.#findExtremes(kept);
    this.#extremes.set(kept, finding);
    finding.catch(() => this.#extremes.delete(kept));
    return finding;
  }

  async #findExtremes(kept: KeptRun): Promise<Extremes> {
    const { extremes } = await import('../results/rows.ts');
    return runAsync(extremes(this.#featuresOf(), kept), this.#ofRuns.signal);
  }

  async repaint({ run, most }: RepaintAsked, { signal }: Caller<never>): Promise<Given<ImageBitmap>> {
    const { labels, run: of } = this.#runOf(run);
    const painted = { table: this.#tableOf(), features: this.#featuresOf(), labels, palette: of.palette };
    const { repaintedBitmap } = await import('../results/repaint.ts');
    const bitmap = await repaintedBitmap(painted, most, signal);
    return new Given(bitmap, [bitmap]);
  }

  async take({ what, run, names }: Taken, { signal, tell }: Caller<Loading>): Promise<Blob> {
    const of = {
      table: this.#tableOf(),
      file: this.#file,
      features: this.#featuresOf(),
      kept: this.#runOf(run),
      names,
    };
    const { take } = await import('../results/take.ts');
    return take(what, of, { signal, onProgress: seldom(tell) });
  }

  async agreement([one, other]: readonly [number, number], { signal }: Caller<never>): Promise<Agreement> {
    const { agreementOf } = await import('../results/agreement.ts');
    const [first, second] = [this.#runOf(one), this.#runOf(other)].map(({ labels, run }) => ({ labels, k: run.k }));
    return runAsync(agreementOf(first, second), signal);
  }

  async compare({ k, seed }: ComparisonAsked, caller: Caller<ComparisonProgress>): Promise<Comparison> {
    const { compare } = await import('./compare.ts');
    return compare({ features: this.#featuresOf(), k, seed }, caller, THREADS);
  }

  #forget(): void {
    this.#features = null;
    this.#forgetRuns();
    // Whoever asks for points waits for that.
    void this.#residence.empty();
  }

  #forgetRuns(): void {
    this.#ofRuns.abort();
    this.#ofRuns = new AbortController();
    this.#runs.clear();
    this.#shown = null;
  }

  #tableOf(): Table {
    if (this.#table === null) throw new RangeError('There is no table yet: open a file.');
    return this.#table;
  }

  #featuresOf(): Features {
    if (this.#features === null) throw new RangeError('No columns are chosen yet.');
    return this.#features;
  }

  #runOf(id: number): KeptRun {
    const kept = this.#runs.get(id);
    if (kept === undefined) throw new RangeError('That run was of other columns, and is gone.');
    return kept;
  }

  /** Of mixtures: how much a point belongs to the components, the likeliest first. */
  async #membershipsOf(point: number): Promise<string[]> {
    const kept = this.#shown;
    if (kept?.mixture == null) return [];
    const { data, d } = this.#featuresOf();
    const row = { data: data.slice(point * d, (point + 1) * d), shape: [1, d] as const };
    const shares = await kept.mixture.predictProba(row, { backend: 'cpu' });
    const number = numbersOf(kept.run);
    return Array.from(shares.keys())
      .sort((a, b) => shares[b] - shares[a])
      .slice(0, 3)
      .filter((component) => shares[component] >= 0.005)
      .map((component) => `${formatShare(shares[component])} in cluster ${number[component]}`);
  }
}

/** Milliseconds between two tellings of how far something is, each of which the page draws. */
const PROGRESS_MS = 100;

function seldom(tell: (loading: Loading) => void): Reading['onProgress'] {
  let last = Number.NEGATIVE_INFINITY;
  return (loaded, total) => {
    const now = performance.now();
    if (now - last < PROGRESS_MS) return;
    last = now;
    tell({ loaded, total });
  };
}

function openedOf(table: Table, found: readonly ColumnSummary[]): Opened {
  const { name, n, remarks, delimited } = table;
  const choices = suggestedChoices(found, table);
  return { name, n, remarks, summaries: found, choices, delimited: delimited ?? null };
}

function preparedOf({ n, d, features, leftOut, filled }: Features): Prepared {
  return { n, d, features, leftOut, filled };
}

function toldOf({ engine, dataset, reason }: Resident): EngineTold {
  const { adapter, software, threads } = engine.info;
  return { backend: dataset.backend, reason: reason ?? dataset.reason, adapter, software, threads };
}

/** Rows whose memberships are computed at a time: they are k numbers each. */
const DOUBT_ROWS = 2 ** 16;

/** 1 less the greatest membership, over the most that can be [n]. */
async function doubtOf(
  model: GaussianMixtureModel,
  { n, d, data }: Features,
  signal: AbortSignal,
): Promise<Float32Array> {
  const { k } = model;
  const doubt = new Float32Array(n);
  if (k === 1) return doubt;
  for (let start = 0; start < n; start += DOUBT_ROWS) {
    const end = Math.min(n, start + DOUBT_ROWS);
    const shape = [end - start, d] as const;
    const shares = await model.predictProba({ data: data.subarray(start * d, end * d), shape }, { signal });
    for (let i = start, at = 0; i < end; i++) {
      let most = 0;
      for (const stop = at + k; at < stop; at++) if (shares[at] > most) most = shares[at];
      doubt[i] = (1 - most) / (1 - 1 / k);
    }
  }
  return doubt;
}

/** The values of a row of the table, as the user knows them. */
function linesOf({ columns }: Table, row: number): string[] {
  return columns.map((column) => `${column.name}: ${wordsAt(column, row)}`);
}

/** How many of some points are in which clusters, the most first. */
function sharesOf(points: Uint32Array, { labels, run }: KeptRun): string[] {
  const counts = new Uint32Array(run.k);
  for (const point of points) counts[labels[point]]++;
  const number = numbersOf(run);
  const parts = Array.from(counts.keys())
    .filter((cluster) => counts[cluster] > 0)
    .sort((a, b) => counts[b] - counts[a])
    .slice(0, 5)
    .map((cluster) => `${formatShare(counts[cluster] / points.length)} in cluster ${number[cluster]}`);
  return parts.length === 0 ? [] : [`Of these ${parts.join(', ')}.`];
}
