/** The runs so far: to compare, and to go back to. */
import { formatNumber } from '../features/format.ts';
import { goTo } from './actions.ts';
import { Head } from './Head.tsx';
import { runs, shownRun } from './state.ts';

export function Runs() {
  if (runs.value.length < 2) return null;
  return (
    <section class="card" id="runs" aria-labelledby="runs-title">
      <h2 id="runs-title">Runs</h2>
      <div class="scrolling">
        <table>
          <Head names={['Run', 'Model', 'k', 'Seed', 'Objective', 'Iterations', 'Time', 'Engine']} />
          <tbody>
            {runs.value.map(({ id, settings, k, objective, iterations, converged, fitTime, backend }) => (
              <tr key={id} aria-current={id === shownRun.value}>
                <th scope="row">
                  <button type="button" class="small" aria-pressed={id === shownRun.value} onClick={() => goTo(id)}>
                    {id}
                  </button>
                </th>
                <td>{settings.model === 'kmeans' ? 'k-means' : `${settings.covariance}, T ${settings.temperature}`}</td>
                <td>{k}</td>
                <td>{settings.seed}</td>
                <td>{formatNumber(objective, 6)}</td>
                <td>
                  {formatNumber(iterations)}
                  {converged ? '' : ', not converged'}
                </td>
                <td>{(fitTime / 1000).toFixed(2)} s</td>
                <td>{backend === 'cpu' ? 'CPU' : 'WebGPU'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
