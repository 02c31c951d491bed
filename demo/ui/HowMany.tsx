/** How many clusters: three figures over k in one chart, and the k that they speak for. */
import { useSignal } from '@preact/signals';
import { formatNumber } from '../features/format.ts';
import type { SweepRow } from '../work/sweep.ts';
import { change, cluster, sweep } from './actions.ts';
import { sweep as found, isBusy, prepared } from './state.ts';

const FROM = 2;
const TO = 20;

interface Curve {
  readonly key: 'inertia' | 'silhouette' | 'bic';
  readonly title: string;
  readonly best: string;
}

const CURVES: readonly Curve[] = [
  { key: 'silhouette', title: 'Silhouette', best: 'high is good' },
  { key: 'inertia', title: 'Inertia', best: 'a bend is good' },
  { key: 'bic', title: 'BIC', best: 'low is good' },
];

export function HowMany() {
  const now = found.value;
  const isReady = prepared.value !== null && !isBusy.value;
  return (
    <section class="card" id="sweep" aria-labelledby="sweep-title">
      <h2 id="sweep-title">How many?</h2>
      <button type="button" id="sweep-run" aria-disabled={!isReady} onClick={() => isReady && sweep(FROM, TO)}>
        Try k from {FROM} to {TO}
      </button>
      {now !== null && now.rows.length > 0 && <Chart rows={now.rows} recommended={now.done?.recommended ?? null} />}
      {now !== null && now.done !== null && (
        <>
          <p id="recommendation">
            <strong>{now.done.recommended} clusters:</strong> {now.done.why}
          </p>
          <p>
            <button
              type="button"
              onClick={() => {
                change({ k: now.done!.recommended });
                void cluster();
              }}
            >
              Cluster with k {now.done.recommended}
            </button>
          </p>
          <p class="note">
            K-means, of {now.done.sampled < now.done.n ? `${formatNumber(now.done.sampled)} rows of ` : ''}
            {formatNumber(now.done.n)}; silhouettes of 2,000 of them; the BIC is that of the mixture that k-means is.
          </p>
        </>
      )}
    </section>
  );
}

const WIDTH = 300;
const HEIGHT = 46;

function Chart({ rows, recommended }: { readonly rows: readonly SweepRow[]; readonly recommended: number | null }) {
  const pointed = useSignal<number | null>(null);
  const x = (k: number) => 8 + ((WIDTH - 16) * (k - FROM)) / (TO - FROM);
  const shown = pointed.value ?? recommended ?? rows[rows.length - 1].k;
  const row = rows.find(({ k }) => k === shown) ?? rows[rows.length - 1];
  const move = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * WIDTH;
    pointed.value = Math.min(
      rows[rows.length - 1].k,
      Math.max(FROM, Math.round(FROM + ((at - 8) * (TO - FROM)) / (WIDTH - 16))),
    );
  };
  return (
    <div
      class="chart"
      onPointerMove={move}
      onPointerLeave={() => {
        pointed.value = null;
      }}
    >
      {CURVES.map((curve) => {
        const values = rows.map((each) => each[curve.key]);
        const [low, high] = [Math.min(...values), Math.max(...values)];
        const y = (value: number) => 4 + (HEIGHT - 8) * (high > low ? (high - value) / (high - low) : 0.5);
        const line = rows.map((each) => `${x(each.k).toFixed(1)} ${y(each[curve.key]).toFixed(1)}`).join('L');
        return (
          <figure key={curve.key}>
            <figcaption>
              <span>{curve.title}</span> <strong>{formatNumber(row[curve.key], 6)}</strong>
              <span class="muted">{curve.best}</span>
            </figcaption>
            <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${curve.title} for each k`}>
              {recommended !== null && (
                <line class="recommended" x1={x(recommended)} x2={x(recommended)} y1="0" y2={HEIGHT} />
              )}
              <path d={`M${line}`} />
              <circle cx={x(row.k)} cy={y(row[curve.key])} r="3.5" />
            </svg>
          </figure>
        );
      })}
      <p class="scale">
        <span>k {FROM}</span>
        <strong>k {row.k}</strong>
        <span>{TO}</span>
      </p>
      <table class="unseen">
        <caption>Figures for each number of clusters</caption>
        <tbody>
          {rows.map((each) => (
            <tr key={each.k}>
              <th scope="row">{each.k}</th>
              {CURVES.map(({ key }) => (
                <td key={key}>{formatNumber(each[key], 6)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
