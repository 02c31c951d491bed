/** The clusters in words: what each is that the others are not. */
import { formatNumber, formatShare, formatValue } from '../features/format.ts';
import { clusterColour, css, inkOn } from '../palette.ts';
import type { ClusterProfile, ColumnProfile } from '../results/profile.ts';
import { ranked } from '../work/numbers.ts';
import type { Run } from '../work/runs.ts';
import { alone, names, profiles, run, scheme, status } from './state.ts';

/** Columns that a card shows, of those that tell the cluster from the rest: of less effect than this none does (Cohen 1988). */
const FIRST = 4;
const SMALL = 0.2;

const isTelling = ({ effect }: ColumnProfile) => Math.abs(effect) >= SMALL;

export function Clusters() {
  const ended = run.value;
  const found = profiles.value;
  if (ended === null || status.value === 'running') return null;
  return (
    <section class="card" id="clusters" aria-labelledby="clusters-title">
      <h2 id="clusters-title">Clusters, largest first</h2>
      <p class="note">
        Press a number to make that cluster stand out in the picture; write a name of your own over the one suggested.
      </p>
      <Remarks run={ended} />
      <ol class="clusters">
        {ranked(ended).map((cluster, rank) => (
          <Cluster
            key={`${ended.id} ${cluster}`}
            run={ended}
            cluster={cluster}
            rank={rank}
            profile={found?.find((each) => each.cluster === cluster) ?? null}
          />
        ))}
      </ol>
    </section>
  );
}

interface ClusterProps {
  readonly run: Run;
  readonly cluster: number;
  readonly rank: number;
  readonly profile: ClusterProfile | null;
}

function Cluster({ run, cluster, rank, profile }: ClusterProps) {
  const colour = clusterColour(run.colours[cluster], scheme.value);
  const key = `${run.id} ${cluster}`;
  const isAlone = alone.value === cluster;
  const share = run.weights === null ? null : `weight ${formatShare(run.weights[cluster])}`;
  return (
    <li style={{ '--cluster': css(colour), '--ink': inkOn(colour) }} data-cluster={cluster}>
      <header>
        <button
          type="button"
          class="badge small"
          aria-label={`Cluster ${rank + 1} stands out`}
          aria-pressed={isAlone}
          onClick={() => {
            alone.value = isAlone ? null : cluster;
          }}
        >
          {rank + 1}
        </button>
        <input
          aria-label={`Name of cluster ${rank + 1}`}
          value={names.value.get(key) ?? profile?.name ?? ''}
          onInput={({ currentTarget }) => {
            names.value = new Map(names.value).set(key, currentTarget.value);
          }}
        />
      </header>
      <p class="note">
        {formatNumber(run.counts[cluster])} rows
        {profile !== null && `, ${formatShare(profile.share)}`}
        {share !== null && `; ${share}`}
      </p>
      {profile !== null && (
        <>
          <p class="sentence">{profile.sentence}</p>
          <Features columns={profile.columns} />
        </>
      )}
    </li>
  );
}

function Features({ columns }: { readonly columns: readonly ColumnProfile[] }) {
  return (
    <table>
      <tbody>
        {columns
          .filter(isTelling)
          .slice(0, FIRST)
          .map((column) => (
            <tr key={column.column}>
              <th scope="row">{column.name}</th>
              <td>{describedOf(column)}</td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}

function describedOf(column: ColumnProfile) {
  if (column.measure === 'text') {
    const [word] = column.words;
    return word === undefined
      ? 'as elsewhere'
      : `“${word.text}” ${formatShare(word.share)}; elsewhere ${formatShare(word.rest)}`;
  }
  const { measure, centre, low, high, rest } = column;
  const value = (x: number) => formatValue(measure, x);
  return (
    <>
      <strong>{value(centre)}</strong>, elsewhere {value(rest)}
      <span class="note">
        eight of ten from {value(low)} to {value(high)}
      </span>
    </>
  );
}

const TROUBLES = {
  regularized: 'collapsed; the covariance can be inverted only because something was added to its diagonal.',
  reseeded: 'lost all rows, and started again from the one that was explained worst.',
  empty: 'no row belongs here.',
};

const LIST = new Intl.ListFormat('en');

/** A line for each kind of trouble that components are in, by their numbers. */
function Remarks({ run }: { readonly run: Run }) {
  const order = ranked(run);
  const lines = Object.entries(TROUBLES).flatMap(([trouble, words]) => {
    const numbers = order.flatMap((cluster, rank) => (run.components[cluster] === trouble ? [`${rank + 1}`] : []));
    return numbers.length === 0
      ? []
      : [`${numbers.length === 1 ? 'Cluster' : 'Clusters'} ${LIST.format(numbers)}: ${words}`];
  });
  if (lines.length === 0) return null;
  return (
    <ul id="remarks" class="note">
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}
