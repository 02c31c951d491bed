/** The clusters in words: what each is that the others are not. */
import { formatNumber, formatShare } from '../features/format.ts';
import { clusterColour, css, hexOf, inkOn } from '../palette.ts';
import { ranked } from '../results/numbers.ts';
import type { ClusterProfile } from '../results/profile.ts';
import type { Run } from '../work/runs.ts';
import { ClusterColumns } from './ClusterColumns.tsx';
import { ClusterRows } from './ClusterRows.tsx';
import './clusters.css';
import { Palette } from './Palette.tsx';
import { usePieces } from './pieces.ts';
import { alone, names, profiles, run, scheme, status } from './state.ts';

export function Clusters() {
  const ended = run.value;
  const found = profiles.value;
  const k = ended?.k ?? 0;
  const there = usePieces(k, AT_ONCE, k);
  const ready = usePieces(found === null ? 0 : k, PIECE, found);
  if (ended === null) return null;
  // Those of the run before are there, dimmed, until the next one has clusters.
  const isOld = status.value === 'running';
  return (
    <section
      class="card"
      id="clusters"
      data-old={isOld}
      aria-busy={isOld}
      inert={isOld}
      aria-labelledby="clusters-title"
    >
      <h2 id="clusters-title">Clusters, largest first</h2>
      <p class="note">
        Press a number to make that cluster stand out in the picture; write a name of your own over the one suggested.
        Bars are eight rows of ten within the column, with the mean of the cluster, and dashed that of the rest.
      </p>
      <Remarks run={ended} />
      {ended.palette !== null && <Palette run={ended} palette={ended.palette} />}
      <ol class="clusters" aria-busy={found === null || there < k || ready < k}>
        {ranked(ended)
          .slice(0, there)
          .map((cluster, rank) => (
            <Cluster
              key={`${ended.id} ${cluster}`}
              run={ended}
              cluster={cluster}
              rank={rank}
              profile={rank < ready ? (found?.find((each) => each.cluster === cluster) ?? null) : null}
            />
          ))}
      </ol>
    </section>
  );
}

/**
 * Cards that come at a time, empty at first, and those that are filled at a time. All of many in one go take the page a tenth of
 * a second, and with `content-visibility` more than that: the browser looks at the field in each of them.
 */
const AT_ONCE = 24;
const PIECE = 4;

interface ClusterProps {
  readonly run: Run;
  readonly cluster: number;
  readonly rank: number;
  readonly profile: ClusterProfile | null;
}

function Cluster({ run, cluster, rank, profile }: ClusterProps) {
  const own = run.palette?.[cluster];
  const colour = own ?? clusterColour(run.colours[cluster], scheme.value);
  const suggested = own === undefined ? profile?.name : hexOf(own);
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
          value={names.value.get(key) ?? suggested ?? ''}
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
          <ClusterColumns run={run} columns={profile.columns} />
          <ClusterRows run={run} profile={profile} />
        </>
      )}
    </li>
  );
}

const TROUBLES = {
  regularized: 'collapsed; the covariance can be inverted only because something was added to its diagonal.',
  reseeded: 'lost all rows, and started again from the one that was explained worst.',
  empty: 'no row belongs here.',
};

/** A line for each kind of trouble that components are in, by their numbers. */
function Remarks({ run }: { readonly run: Run }) {
  const order = ranked(run);
  const lines = Object.entries(TROUBLES).flatMap(([trouble, words]) => {
    const numbers = order.flatMap((cluster, rank) => (run.components[cluster] === trouble ? [`${rank + 1}`] : []));
    if (numbers.length === 0) return [];
    if (numbers.length === order.length && order.length > 1) return [`All clusters: ${words}`];
    return [`${numbers.length === 1 ? 'Cluster' : 'Clusters'} ${new Intl.ListFormat('en').format(numbers)}: ${words}`];
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
