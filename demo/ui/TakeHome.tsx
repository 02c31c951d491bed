/** What the user takes along: the file, the model, the code, a link. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { codeOf } from '../results/code.ts';
import type { Taken } from '../work/calls.ts';
import { addressOf, take } from './actions.ts';
import { Copyable } from './Copyable.tsx';
import { choices, opened, prepared, run, source } from './state.ts';

interface Offer {
  readonly what: Taken['what'];
  readonly title: string;
  readonly ending: string;
  readonly about: string;
}

const OFFERS: readonly Offer[] = [
  { what: 'own', title: 'Your file', ending: '-clusters.csv', about: 'as it is, with a column of clusters at the end' },
  { what: 'csv', title: 'CSV', ending: '-clusters.csv', about: 'all columns, and that of the clusters' },
  { what: 'parquet', title: 'Parquet', ending: '-clusters.parquet', about: 'all columns, and that of the clusters' },
  {
    what: 'responsibilities',
    title: 'Memberships',
    ending: '-memberships.csv',
    about: 'how much each row belongs to each cluster',
  },
  {
    what: 'centroids',
    title: 'Centroids',
    ending: '-centroids.csv',
    about: 'the means of the clusters, in your units',
  },
  {
    what: 'model',
    title: 'Model',
    ending: '-model.json',
    about: 'to be read by fromJSON, with the scaling of the columns',
  },
];

export function TakeHome() {
  const ended = run.value;
  const table = opened.value;
  const form = useSignal<'npm' | 'script'>('npm');
  const writer = useSignal<typeof codeOf | null>(null);
  useEffect(() => {
    if (ended === null || writer.value !== null) return;
    void import('../results/code.ts').then((loaded) => {
      writer.value = loaded.codeOf;
    });
  }, [ended]);
  if (ended === null || table === null || choices.value === null) return null;
  const stem = table.name.replace(/\.[^.]*$/, '') || 'table';
  const code = writer.value?.({
    settings: ended.settings,
    table: table.name,
    columns: table.summaries,
    features: ended.features,
    weights: choices.value.weights,
    delimited: table.delimited,
    library: `https://cdn.jsdelivr.net/npm/${__PACKAGE__.name}@${__PACKAGE__.version}/dist/index.js`,
  });
  const isOwn = source.value?.kind === 'file' && table.delimited !== null;
  const offers = OFFERS.filter(({ what }) => {
    if (what === 'responsibilities') return ended.settings.model === 'mixture';
    return (what !== 'own' || isOwn) && (what !== 'csv' || !isOwn);
  });
  return (
    <section class="card" id="take-home" aria-labelledby="take-home-title">
      <h2 id="take-home-title">Take it home</h2>
      <ul class="offers">
        {offers.map(({ what, title, ending, about }) => (
          <li key={what}>
            <button type="button" data-take={what} onClick={() => take(what, stem + ending)}>
              {title}
            </button>
            <span class="muted">{about}</span>
          </li>
        ))}
      </ul>
      <h3>The code of this run</h3>
      <fieldset class="choice" aria-label="Where the code is to run">
        <button type="button" class="small" aria-pressed={form.value === 'npm'} onClick={() => (form.value = 'npm')}>
          npm
        </button>
        <button
          type="button"
          class="small"
          aria-pressed={form.value === 'script'}
          onClick={() => (form.value = 'script')}
        >
          in a page
        </button>
      </fieldset>
      <Copyable block text={code?.[form.value] ?? ''} />
      <h3>A link to these settings</h3>
      <Copyable text={addressOf(ended.settings)} />
      {source.value?.kind === 'file' && (
        <p class="note">The link holds columns, scalings and settings, and asks for the file, which it cannot hold.</p>
      )}
      {prepared.value !== null && prepared.value.leftOut > 0 && (
        <p class="note">Rows that were left out have no cluster in these files.</p>
      )}
    </section>
  );
}
