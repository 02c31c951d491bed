/** The columns that were found: which are used, and how they are scaled. */
import { useMemo } from 'preact/hooks';
import { type ColumnChoice, type ColumnSummary, SCALINGS, type Scaling } from '../features/features.ts';
import { formatNumber, formatValue } from '../features/format.ts';
import { BUILTIN } from '../tables/builtin-list.ts';
import { changeChoices, choose } from './actions.ts';
import { Head } from './Head.tsx';
import { usePieces } from './pieces.ts';
import { choices, opened, prepared, source, status } from './state.ts';

const SCALING_WORDS: Readonly<Record<Scaling, string>> = {
  none: 'as it is',
  standard: 'standard',
  robust: 'robust',
  log: 'logarithm',
  cyclic: 'cyclic',
};

/** Where all columns would stand between the picture and what was found, they are unfolded by those who want them. */
const isNarrow = matchMedia('(max-width: 42rem)').matches;

/** Rows that are drawn at once. */
const PIECE = 12;

export function Columns() {
  const table = opened.value;
  const chosen = choices.value;
  const ready = usePieces(table?.summaries.length ?? 0, PIECE, table);
  if (table === null || chosen === null) return null;
  const used = chosen.columns.filter(({ isUsed }) => isUsed).length;
  const numeric = table.summaries.flatMap(({ name, measure }, column) =>
    measure === 'text' ? [] : [{ name, column }],
  );
  const done = prepared.value;
  const isReading = status.value === 'reading';
  const of = source.value;
  const builtin = of?.kind === 'builtin' ? BUILTIN.find(({ id }) => id === of.id) : undefined;
  return (
    <section class="card" id="columns" aria-labelledby="table-title">
      <h2 id="table-title">{table.name}</h2>
      <p class="note">
        {formatNumber(table.n)} rows, {used} of {table.summaries.length} columns used.{' '}
        {builtin !== undefined && `${builtin.about} ${builtin.licence}`}
      </p>
      {table.remarks.length > 0 && (
        <ul class="remarks">
          {table.remarks.map((remark) => (
            <li key={remark}>{remark}</li>
          ))}
        </ul>
      )}
      {done !== null && (done.leftOut > 0 || done.filled > 0) && (
        <p class="note" id="gaps">
          {done.leftOut > 0 && `${formatNumber(done.leftOut)} rows with gaps are left out. `}
          {done.filled > 0 && `${formatNumber(done.filled)} gaps were filled with the median of their column.`}
        </p>
      )}
      <details open={table.summaries.length <= 12 && !isNarrow}>
        <summary>Columns and their scaling</summary>
        <div class="scrolling">
          <table>
            <Head names={['Column', 'Values', 'Scaling']} />
            <tbody>
              {Array.from({ length: Math.ceil(Math.min(ready, table.summaries.length) / PIECE) }, (_, piece) => (
                <Piece
                  key={piece}
                  first={piece * PIECE}
                  summaries={table.summaries}
                  choices={chosen.columns}
                  isReading={isReading}
                />
              ))}
            </tbody>
          </table>
        </div>
        <div class="pair">
          <label>
            Weights
            <select
              value={chosen.weights ?? ''}
              disabled={isReading}
              onChange={({ currentTarget: { value } }) =>
                changeChoices({ ...chosen, weights: value === '' ? null : Number(value) })
              }
            >
              <option value="">all rows alike</option>
              {numeric.map(({ name, column }) => (
                <option key={column} value={column}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <label>
            Rows with gaps
            <select
              value={chosen.gaps}
              disabled={isReading}
              onChange={({ currentTarget: { value } }) =>
                changeChoices({ ...chosen, gaps: value === 'fill' ? 'fill' : 'leave-out' })
              }
            >
              <option value="leave-out">are left out</option>
              <option value="fill">get the median</option>
            </select>
          </label>
        </div>
      </details>
    </section>
  );
}

interface PieceProps {
  readonly first: number;
  readonly summaries: readonly ColumnSummary[];
  readonly choices: readonly ColumnChoice[];
  readonly isReading: boolean;
}

/** Rows that are the same objects as long as nothing about them changes: those that come behind them cost these nothing. */
function Piece({ first, summaries, choices, isReading }: PieceProps) {
  return useMemo(
    () => (
      <>
        {summaries.slice(first, first + PIECE).map((summary, at) => (
          <Column
            key={`${first + at} ${summary.name}`}
            summary={summary}
            choice={choices[first + at]}
            column={first + at}
            isReading={isReading}
          />
        ))}
      </>
    ),
    [first, summaries, choices, isReading],
  );
}

interface ColumnProps {
  readonly summary: ColumnSummary;
  readonly choice: ColumnChoice;
  readonly column: number;
  /** Of a table that is about to go nothing can be chosen: it would call off the reading of the next. */
  readonly isReading: boolean;
}

function Column({ summary, choice, column, isReading }: ColumnProps) {
  const { name, measure, missing, reason } = summary;
  const isText = measure === 'text';
  return (
    <tr class={choice.isUsed ? '' : 'unused'}>
      <th scope="row">
        <label class="check">
          <input
            type="checkbox"
            checked={choice.isUsed}
            disabled={isText || isReading}
            onChange={({ currentTarget }) => choose(column, { isUsed: currentTarget.checked })}
          />
          <span>{name}</span>
        </label>
        {reason !== '' && <span class="note">{reason}</span>}
      </th>
      <td>
        <Values summary={summary} />
        {missing > 0 && <span class="note">{formatNumber(missing)} missing</span>}
      </td>
      <td>
        {!isText && (
          <select
            aria-label={`Scaling of ${name}`}
            value={choice.scaling}
            disabled={!choice.isUsed || isReading}
            onChange={({ currentTarget: { value } }) =>
              choose(column, { scaling: SCALINGS.find((each) => each === value)! })
            }
          >
            {SCALINGS.map((scaling) => (
              <option key={scaling} value={scaling}>
                {SCALING_WORDS[scaling]}
              </option>
            ))}
          </select>
        )}
        {choice.scaling === 'cyclic' && choice.isUsed && (
          <input
            type="number"
            aria-label={`Period of ${name}`}
            min="0"
            step="any"
            value={choice.period}
            disabled={isReading}
            onChange={({ currentTarget: { valueAsNumber } }) =>
              valueAsNumber > 0 && choose(column, { period: valueAsNumber })
            }
          />
        )}
      </td>
    </tr>
  );
}

function Values({
  summary: { measure, least, greatest, histogram, words, distinct },
}: {
  readonly summary: ColumnSummary;
}) {
  if (measure === 'text') {
    const [first] = words;
    const count = distinct === Infinity ? 'over 1,000' : formatNumber(distinct);
    return <span class="range">{`${count} texts${first === undefined ? '' : `, “${first[0]}” most`}`}</span>;
  }
  if (Number.isNaN(least)) return <span class="range">empty</span>;
  const most = Math.max(...histogram);
  return (
    <>
      <svg class="histogram" viewBox={`0 0 ${histogram.length} 10`} preserveAspectRatio="none" aria-hidden="true">
        {histogram.map((count, i) => {
          const height = count === 0 ? 0 : Math.max(0.6, (10 * count) / most);
          return <rect key={i} x={i + 0.05} y={10 - height} width="0.9" height={height} />;
        })}
      </svg>
      <span class="range">
        {formatValue(measure, least)} to {formatValue(measure, greatest)}
      </span>
    </>
  );
}
