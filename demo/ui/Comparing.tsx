/** This machine, measured: the same points and the same start, by all that can cluster them here. */
import { formatNumber } from '../features/format.ts';
import type { Contender } from '../work/compare.ts';
import { cancel, compare } from './actions.ts';
import { Head } from './Head.tsx';
import { comparison, isBusy, prepared } from './state.ts';

export function Comparing() {
  const now = comparison.value;
  const isReady = prepared.value !== null && !isBusy.value;
  const isOn = now !== null && now.done === null;
  return (
    <section class="card" id="compare" aria-labelledby="compare-title">
      <h2 id="compare-title">How fast is this machine?</h2>
      <p class="note">
        K-means of these points from one start, by the CPU engine on one thread and on all, by WebGPU, and by ml-kmeans,
        the package that most people use. Inertias and labels are compared.
      </p>
      <p>
        {isOn ? (
          <button type="button" onClick={cancel}>
            Stop
          </button>
        ) : (
          <button type="button" id="compare-run" aria-disabled={!isReady} onClick={() => isReady && compare()}>
            Measure
          </button>
        )}{' '}
        <span role="status" class="muted">
          {now?.saying}
        </span>
      </p>
      {now?.done && (
        <div class="scrolling">
          <table>
            <Head names={['', 'ms an iteration', 'ns a row', 'Rows', 'Inertia', 'Labels as on the CPU']} />
            <tbody>
              {now.done.contenders.map((contender) => (
                <Row key={contender.name} contender={contender} />
              ))}
              {now.done.missing.map(({ name, reason }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td colSpan={5}>{reason}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Row({ contender }: { readonly contender: Contender }) {
  const { name, adapter, remark, milliseconds, nanosecondsPerRow, rows, inertia, agrees, equalLabels } = contender;
  return (
    <tr data-contender={name}>
      <th scope="row">
        {name}
        {adapter !== '' && ` (${adapter})`}
        {remark !== '' && <span class="note">{remark}</span>}
      </th>
      <td>{formatNumber(milliseconds)}</td>
      <td>{formatNumber(nanosecondsPerRow)}</td>
      <td>{formatNumber(rows)}</td>
      <td>
        {formatNumber(inertia, 6)}
        {!agrees && ', not that of the CPU'}
      </td>
      <td>{equalLabels === rows ? 'all' : `${formatNumber(equalLabels)} of ${formatNumber(rows)}`}</td>
    </tr>
  );
}
