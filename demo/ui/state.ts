/** What the page knows, as signals: what is drawn follows from them. */
import { computed, signal } from '@preact/signals';
import type { Choices } from '../features/features.ts';
import type { AxesChoice, SceneInfo } from '../picture/scene.ts';
import { DEFAULT_SETTINGS, type Link } from '../results/address.ts';
import type { ClusterProfile } from '../results/profile.ts';
import type { EngineTold, Loading, Opened, Prepared, Source } from '../work/calls.ts';
import type { Comparison } from '../work/compare.ts';
import type { Run, Settings, Step } from '../work/runs.ts';
import type { Sweep, SweepRow } from '../work/sweep.ts';

export type Status = 'empty' | 'reading' | 'ready' | 'running' | 'done' | 'error';

export const status = signal<Status>('empty');
/** One line on what happens, and what went wrong. */
export const message = signal('');
export const problem = signal<string | null>(null);
/** What the address says that cannot be; and what it says of columns that the table does not have. */
export const notices = signal<readonly string[]>([]);
export const unmatched = signal<readonly string[]>([]);

/** What the table is from; and what somebody asked for that has not been read yet, and may not be readable. */
export const source = signal<Source | null>(null);
export const wanted = signal<Source | null>(null);
export const loading = signal<Loading | null>(null);
export const opened = signal<Opened | null>(null);
export const choices = signal<Choices | null>(null);
export const prepared = signal<Prepared | null>(null);

/** What the address says of columns and axes, until they are chosen by hand. */
export const link = signal<Link | null>(null);
export const settings = signal<Settings>(DEFAULT_SETTINGS);

export const engine = signal<EngineTold | null>(null);
export const steps = signal<readonly Step[]>([]);
/** The centroids of a run that is under way [k, d]. */
export const live = signal<Float64Array | null>(null);
export const isStopping = signal(false);

export const runs = signal<readonly Run[]>([]);
export const shownRun = signal<number | null>(null);
export const run = computed(() => runs.value.find(({ id }) => id === shownRun.value) ?? null);
/** The last run when the one that is under way began; 0 before the first. */
export const runBefore = signal(0);
/** What the picture is of: none while a run is under way, until it is shown itself. */
export const picturedRun = computed(() =>
  status.value === 'running' && (shownRun.value ?? 0) <= runBefore.value ? null : run.value,
);
export const profiles = signal<readonly ClusterProfile[] | null>(null);
/** Names that the user gave to clusters, by run and cluster. */
export const names = signal<ReadonlyMap<string, string>>(new Map());
/** The cluster that stands out. */
export const alone = signal<number | null>(null);

export const axes = signal<AxesChoice | null>(null);
export const scene = signal<SceneInfo | null>(null);
/** Where clusters are in the picture, for axes that are no features. */
export const centres = signal<Float64Array | null>(null);
/** Raised whenever the picture has to be drawn anew for what it does not know by itself. */
export const pictured = signal(0);

export const sweep = signal<{ readonly rows: readonly SweepRow[]; readonly done: Sweep | null } | null>(null);
export const isSweeping = signal(false);
export const comparison = signal<{ readonly saying: string; readonly done: Comparison | null } | null>(null);

export const isBusy = computed(() => status.value === 'reading' || status.value === 'running' || isSweeping.value);

const dark = matchMedia('(prefers-color-scheme: dark)');
export const scheme = signal<'light' | 'dark'>(dark.matches ? 'dark' : 'light');
dark.addEventListener('change', () => {
  scheme.value = dark.matches ? 'dark' : 'light';
});
