/** Columns of a cluster: those that tell it from the rest, and behind these all. */
import { useSignal } from '@preact/signals';
import type { ColumnSummary, Feature } from '../features/features.ts';
import { DAY, formatOnCircle, formatShare, formatValue } from '../features/format.ts';
import { logOf } from '../features/prepare.ts';
import type { ColumnProfile, NumberProfile } from '../results/profile.ts';
import type { Run } from '../work/runs.ts';
import { opened } from './state.ts';

/** Columns that a card shows, of those that tell the cluster from the rest: of less effect than this none does (Cohen 1988). */
const FIRST = 4;
const SMALL = 0.2;
/** More are no reading, and too much work for the page at once. */
const MOST = 100;

export function tellingColumns(columns: readonly ColumnProfile[]): ColumnProfile[] {
  return columns.filter(({ effect }) => Math.abs(effect) >= SMALL).slice(0, FIRST);
}

interface ColumnsProps {
  readonly run: Run;
  readonly columns: readonly ColumnProfile[];
}

export function ClusterColumns({ run, columns }: ColumnsProps) {
  const isOpen = useSignal(false);
  const left = columns.length - MOST;
  return (
    <>
      <ColumnTable run={run} columns={tellingColumns(columns)} />
      <details class="more" onToggle={({ currentTarget }) => (isOpen.value = currentTarget.open)}>
        <summary>All columns</summary>
        {isOpen.value && <ColumnTable run={run} columns={columns.slice(0, MOST)} inFull />}
        {isOpen.value && left > 0 && <p class="note">{left} more columns tell less.</p>}
      </details>
    </>
  );
}

function ColumnTable({ run, columns, inFull = false }: ColumnsProps & { readonly inFull?: boolean }) {
  return (
    <table>
      <tbody>
        {columns.map((column) => (
          <tr key={column.column}>
            <th scope="row">{column.name}</th>
            <td>
              {column.measure === 'text' ? (
                wordsOf(column)
              ) : (
                <Numbers profile={column} run={run} summary={opened.value?.summaries[column.column]} inFull={inFull} />
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function wordsOf({ words: [word] }: Extract<ColumnProfile, { measure: 'text' }>): string {
  if (word === undefined) return 'as elsewhere';
  return `“${word.text}” ${formatShare(word.share)}; elsewhere ${formatShare(word.rest)}`;
}

interface NumbersProps {
  readonly profile: NumberProfile;
  readonly run: Run;
  readonly summary: ColumnSummary | undefined;
  readonly inFull: boolean;
}

function Numbers({ profile, run, summary, inFull }: NumbersProps) {
  const { measure, centre, low, high, rest, period } = profile;
  if (Number.isNaN(centre)) return <>no values</>;
  // Of dates that are spread over days the hour says nothing.
  const step = measure === 'date' && high - low > 2 * DAY ? DAY : 0;
  const value = (x: number) => (period > 0 ? formatOnCircle(measure, x, period) : formatValue(measure, x, step));
  const spread = `eight of ten from ${value(low)} to ${value(high)}`;
  const feature = run.features.find(({ column }) => column === profile.column);
  return (
    <>
      <strong>{value(centre)}</strong>
      {!Number.isNaN(rest) && <>, elsewhere {value(rest)}</>}
      {summary !== undefined && <SpreadBar {...{ profile, summary, feature }} words={spread} />}
      {inFull && <span class="note">{spread}</span>}
    </>
  );
}

interface SpreadProps {
  readonly profile: NumberProfile;
  readonly summary: ColumnSummary;
  readonly feature: Feature | undefined;
  readonly words: string;
}

/** From the left to the right end of nearly all rows: the cluster's from tenth to tenth, its centre, and that of the rest. */
function SpreadBar({ profile, summary, feature, words }: SpreadProps) {
  const { low, high, centre, rest, period } = profile;
  const place = placing(profile, summary, feature);
  // On a circle the way may lead over its end.
  const isAround = period > 0 && low > high;
  const parts = isAround
    ? [[place(low), 100] as const, [0, place(high)] as const]
    : [[place(low), place(high)] as const];
  return (
    <svg class="spread" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label={words}>
      <title>{words}</title>
      <rect class="track" x="0" y="4" width="100" height="2" />
      {parts.map(([from, to]) => (
        <rect class="box" key={from} x={from} y="2" width={Math.max(0.8, to - from)} height="6" />
      ))}
      {!Number.isNaN(rest) && <line class="rest" x1={place(rest)} x2={place(rest)} y1="0" y2="10" />}
      <line class="centre" x1={place(centre)} x2={place(centre)} y1="0" y2="10" />
    </svg>
  );
}

/** From values to where they are in the column's range, from 0 to 100. */
function placing({ low, high, period }: NumberProfile, { quantiles }: ColumnSummary, feature: Feature | undefined) {
  if (period > 0) return (value: number) => (100 * value) / period;
  const isLog = feature?.scaling === 'log';
  const along = (value: number) => (isLog ? logOf(value, feature.parameter) : value);
  const start = along(Math.min(quantiles[0], low));
  const length = along(Math.max(quantiles[4], high)) - start;
  return (value: number) => (length > 0 ? Math.min(99.5, Math.max(0.5, (100 * (along(value) - start)) / length)) : 50);
}
