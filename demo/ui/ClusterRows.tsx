/** The rows that are most and least what a cluster is: looked for when somebody wants to see them. */
import { useSignal } from '@preact/signals';
import { Fragment } from 'preact';
import { formatNumber } from '../features/format.ts';
import type { ClusterProfile } from '../results/profile.ts';
import type { RowsTold, RowTold } from '../results/rows.ts';
import type { Run } from '../work/runs.ts';
import { rowsOf } from './actions.ts';
import { tellingColumns } from './ClusterColumns.tsx';
import { opened } from './state.ts';

/** Columns of text that are shown: names and notes say what a row is. */
const MOST_TEXTS = 3;
const MOST_COLUMNS = 4;

interface RowsProps {
  readonly run: Run;
  readonly profile: ClusterProfile;
}

type Shown = { readonly columns: readonly number[]; readonly told: RowsTold } | { readonly trouble: string };

export function ClusterRows({ run, profile }: RowsProps) {
  const shown = useSignal<Shown | null>(null);
  const isAsked = useSignal(false);
  const ask = async () => {
    if (isAsked.value) return;
    isAsked.value = true;
    const columns = columnsOf(run, profile);
    try {
      shown.value = { columns, told: await rowsOf(run.id, profile.cluster, columns) };
    } catch (error) {
      shown.value = { trouble: error instanceof Error ? error.message : String(error) };
      // It may be asked again.
      isAsked.value = false;
    }
  };
  if (profile.size === 0) return null;
  return (
    <details
      class="more rows"
      onToggle={({ currentTarget }) => {
        if (currentTarget.open) void ask();
      }}
    >
      <summary>Typical and outlying rows</summary>
      <div role="status">
        {shown.value === null && isAsked.value && <p class="note">Looking through all rows…</p>}
        {shown.value !== null && 'trouble' in shown.value && <p class="note">{shown.value.trouble}</p>}
      </div>
      {shown.value !== null && 'told' in shown.value && <RowTable {...shown.value} />}
    </details>
  );
}

/** Those that tell the cluster from the rest, or that it was made of, and texts. */
function columnsOf(run: Run, { columns }: ClusterProfile): number[] {
  const telling = tellingColumns(columns).map(({ column }) => column);
  const used = run.features.map(({ column }) => column);
  const texts = opened.value!.summaries.flatMap(({ measure }, column) => (measure === 'text' ? [column] : []));
  const some = new Set(telling.length > 0 ? telling : used.slice(0, MOST_COLUMNS));
  return [...new Set([...texts.slice(0, MOST_TEXTS), ...some])];
}

function RowTable({ columns, told }: Extract<Shown, { told: RowsTold }>) {
  const heads = columns.map((column) => opened.value!.summaries[column]);
  const texts = heads.map(({ measure }) => measure === 'text');
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what does not fit is scrolled to by keys too.
    <section class="scrolling" aria-label="Rows" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">row</th>
            {heads.map(({ name }, i) => (
              <th scope="col" key={columns[i]}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <RowGroup title="Most typical" rows={told.typical} texts={texts} />
        <RowGroup title="Most outlying" rows={told.outlying} texts={texts} />
      </table>
    </section>
  );
}

interface GroupProps {
  readonly title: string;
  readonly rows: readonly RowTold[];
  /** Of each column, whether it is text. */
  readonly texts: readonly boolean[];
}

function RowGroup({ title, rows, texts }: GroupProps) {
  const width = texts.length + 1;
  if (rows.length === 0) return null;
  return (
    <tbody>
      <tr class="title">
        <th scope="rowgroup" colSpan={width}>
          {title}
        </th>
      </tr>
      {rows.map(({ row, values, why }) => (
        <Fragment key={row}>
          <tr class={why === '' ? '' : 'reasoned'}>
            <th scope="row">{formatNumber(row + 1)}</th>
            {values.map((value, i) => (
              <td key={i} class={texts[i] ? 'text' : 'number'}>
                {value}
              </td>
            ))}
          </tr>
          {why !== '' && (
            <tr>
              <td colSpan={width} class="why">
                {why}
              </td>
            </tr>
          )}
        </Fragment>
      ))}
    </tbody>
  );
}
