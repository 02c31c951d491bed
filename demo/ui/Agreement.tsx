/** Two runs side by side: how far they agree, and where the rows of each cluster are in the other. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { formatNumber, formatShare } from '../features/format.ts';
import { clusterColour, css, inkOn } from '../palette.ts';
import type { Agreement as Found } from '../results/agreement.ts';
import { numbersOf, ranked } from '../results/numbers.ts';
import type { Run } from '../work/runs.ts';
import { agreement } from './actions.ts';
import { Head } from './Head.tsx';
import { runs, scheme, shownRun } from './state.ts';

/** Clusters of the other run that are named, and clusters that have a line. */
const MOST_MATCHES = 3;
const MOST_LINES = 64;
const LEAST_SHARE = 0.02;

export function Agreement() {
  const chosen = useSignal<readonly [one: number | null, other: number | null]>([null, null]);
  const found = useSignal<{ readonly of: string; readonly agreement: Found } | null>(null);
  const all = runs.value;
  const one = all.find(({ id }) => id === (chosen.value[0] ?? shownRun.value)) ?? all[0];
  const before = all.filter(({ id }) => id !== one.id);
  const other = before.find(({ id }) => id === chosen.value[1]) ?? before[before.length - 1];
  const of = `${one.id} ${other.id}`;
  useEffect(() => {
    let isOver = false;
    const take = (agreement: Found) => {
      if (!isOver) found.value = { of, agreement };
    };
    // Where runs are gone meanwhile, nobody waits for it.
    agreement(one.id, other.id).then(take, () => undefined);
    return () => {
      isOver = true;
    };
  }, [of]);
  const choose = (place: 0 | 1) => (event: Event) => {
    const id = Number((event.currentTarget as HTMLSelectElement).value);
    chosen.value = place === 0 ? [id, other.id === id ? one.id : other.id] : [one.id, id];
  };
  const now = found.value?.of === of ? found.value.agreement : null;
  return (
    <section class="card" id="agreement" aria-labelledby="agreement-title">
      <h2 id="agreement-title">Runs compared</h2>
      <p class="agreement-of">
        <RunChoice label="Run" runs={all} value={one.id} onChange={choose(0)} />{' '}
        <RunChoice label="against run" runs={before} value={other.id} onChange={choose(1)} />{' '}
        <span role="status">
          {now !== null && (
            <>
              agree by <strong id="rand">{now.rand.toFixed(3)}</strong>
            </>
          )}
        </span>
      </p>
      {now !== null && <Matches one={one} other={other} counts={now.counts} />}
      <p class="note">
        The adjusted Rand index is 1 where both put the same rows together, and about 0 where that is chance alone.
      </p>
    </section>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly runs: readonly Run[];
  readonly value: number;
  readonly onChange: (event: Event) => void;
}

function RunChoice({ label, runs: from, value, onChange }: ChoiceProps) {
  return (
    <label>
      {label}{' '}
      <select value={value} onChange={onChange}>
        {from.map(({ id, k }) => (
          <option key={id} value={id}>
            {id}, k {k}
          </option>
        ))}
      </select>
    </label>
  );
}

interface MatchesProps {
  readonly one: Run;
  readonly other: Run;
  readonly counts: Uint32Array;
}

/** Of each cluster, the largest first, where its rows are in the other run. */
function Matches({ one, other, counts }: MatchesProps) {
  const [numbers, numbersOfOther] = [numbersOf(one), numbersOf(other)];
  const order = ranked(one).slice(0, MOST_LINES);
  return (
    <div class="scrolling">
      <table>
        <Head names={[`In run ${one.id}`, 'Rows', `In run ${other.id}`]} />
        <tbody>
          {order.map((cluster) => {
            const row = counts.subarray(cluster * other.k, (cluster + 1) * other.k);
            const size = row.reduce((sum, count) => sum + count, 0);
            const matches = Array.from(row.keys())
              .filter((match) => row[match] > LEAST_SHARE * size)
              .sort((a, b) => row[b] - row[a]);
            return (
              <tr key={cluster}>
                <th scope="row">
                  <Badge run={one} cluster={cluster} number={numbers[cluster]} />
                </th>
                <td>{formatNumber(size)}</td>
                <td>
                  {matches.slice(0, MOST_MATCHES).map((match) => (
                    <span class="match" key={match}>
                      <Badge run={other} cluster={match} number={numbersOfOther[match]} />
                      {formatShare(row[match] / size)}
                    </span>
                  ))}
                  {matches.length > MOST_MATCHES && `and ${matches.length - MOST_MATCHES} more`}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Badge({ run, cluster, number }: { readonly run: Run; readonly cluster: number; readonly number: number }) {
  const colour = run.palette?.[cluster] ?? clusterColour(run.colours[cluster], scheme.value);
  return (
    <span class="tag" style={{ background: css(colour), color: inkOn(colour) }}>
      {number}
    </span>
  );
}
