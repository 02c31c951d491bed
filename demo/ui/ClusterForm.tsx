/** The model, and how it is fitted. */
import type { CovarianceType } from '../../src/index.ts';
import { MOST_CLUSTERS } from '../results/address.ts';
import { COVARIANCES, type Settings } from '../work/runs.ts';
import { change, cluster, stop } from './actions.ts';
import { isStopping, prepared, settings, status } from './state.ts';

const COVARIANCE_TYPES = Object.keys(COVARIANCES) as CovarianceType[];

export function ClusterForm() {
  const now = settings.value;
  const isRunning = status.value === 'running';
  const submit = (event: Event) => {
    event.preventDefault();
    // One button, which keeps the focus, begins and ends a run.
    if (isRunning) void stop();
    else void cluster();
  };
  return (
    <form class="card" id="settings" onSubmit={submit}>
      <h2>Clusters</h2>
      <div class="pair">
        <label>
          Model
          <select
            id="model"
            value={now.model}
            onChange={({ currentTarget: { value } }) => change({ model: value === 'mixture' ? 'mixture' : 'kmeans' })}
          >
            <option value="kmeans">K-means</option>
            <option value="mixture">Gaussian mixture</option>
          </select>
        </label>
        <Whole id="k" label="Clusters k" value={now.k} from={1} to={MOST_CLUSTERS} onValue={(k) => change({ k })} />
      </div>
      {now.model === 'mixture' && <OfMixture now={now} />}
      <details>
        <summary>More</summary>
        <div class="pair">
          <Whole
            id="restarts"
            label="Starts"
            value={now.restarts}
            from={1}
            to={100}
            onValue={(restarts) => change({ restarts })}
          />
          <Whole
            id="seed"
            label="Seed"
            value={now.seed}
            from={0}
            to={2 ** 32 - 1}
            onValue={(seed) => change({ seed })}
          />
          <label>
            Engine
            <select
              id="backend"
              value={now.backend}
              onChange={({ currentTarget: { value } }) =>
                change({ backend: value === 'webgpu' || value === 'cpu' ? value : 'auto' })
              }
            >
              <option value="auto">automatic</option>
              <option value="webgpu">WebGPU</option>
              <option value="cpu">CPU</option>
            </select>
          </label>
        </div>
      </details>
      <button id="run" type="submit" class="primary" aria-disabled={prepared.value === null || isStopping.value}>
        {isRunning ? (isStopping.value ? 'Stopping…' : 'Stop, and keep what is there') : 'Cluster'}
      </button>
    </form>
  );
}

function OfMixture({ now }: { readonly now: Settings }) {
  return (
    <>
      <label>
        Covariance
        <select
          id="covariance"
          value={now.covariance}
          onChange={({ currentTarget: { value } }) =>
            change({ covariance: COVARIANCE_TYPES.find((type) => type === value)! })
          }
        >
          {COVARIANCE_TYPES.map((type) => (
            <option key={type} value={type}>
              {COVARIANCES[type]}
            </option>
          ))}
        </select>
      </label>
      <label>
        Temperature: {now.temperature.toFixed(2)}
        <input
          id="temperature"
          type="range"
          min="0"
          max="3"
          step="0.05"
          value={now.temperature}
          aria-describedby="temperatures"
          onInput={({ currentTarget: { valueAsNumber } }) => change({ temperature: valueAsNumber })}
        />
        <span class="ends" id="temperatures">
          <span>0: hard, as k-means</span>
          <span>1: EM</span>
          <span>softer</span>
        </span>
      </label>
    </>
  );
}

interface WholeProps {
  readonly id: string;
  readonly label: string;
  readonly value: number;
  readonly from: number;
  readonly to: number;
  readonly onValue: (value: number) => void;
}

/** A whole number within limits: what is none stays in the field, which says so, and changes nothing. */
function Whole({ id, label, value, from, to, onValue }: WholeProps) {
  return (
    <label>
      {label}
      <input
        id={id}
        type="number"
        min={from}
        max={to}
        step="1"
        required
        value={value}
        onInput={({ currentTarget }) => {
          if (currentTarget.validity.valid) onValue(currentTarget.valueAsNumber);
        }}
      />
    </label>
  );
}
