/** The model, and how it is fitted. */
import { useRef } from 'preact/hooks';
import type { CovarianceType } from '../../src/index.ts';
import { MOST_CLUSTERS } from '../results/address.ts';
import { COVARIANCES, type Settings } from '../work/runs.ts';
import { change, cluster, stop } from './actions.ts';
import { isStopping, prepared, settings, status } from './state.ts';

const COVARIANCE_TYPES = Object.keys(COVARIANCES) as CovarianceType[];

export function ClusterForm() {
  const now = settings.value;
  const isRunning = status.value === 'running';
  const isReady = prepared.value !== null && status.value !== 'reading';
  const more = useRef<HTMLDetailsElement>(null);
  const submit = (event: Event) => {
    event.preventDefault();
    // One button, which keeps the focus, begins and ends a run.
    if (isRunning) void stop();
    else if (isReady) void cluster();
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
      {/* What is wrong in a field has to be seen, or the button would do nothing and say nothing. */}
      <details ref={more} onInvalidCapture={() => more.current?.setAttribute('open', '')}>
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
            to={Number.MAX_SAFE_INTEGER}
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
      <button id="run" type="submit" class="primary" aria-disabled={!isReady || isStopping.value} onClick={once}>
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

/** The second click of a double one would stop what the first began. */
function once(event: MouseEvent): void {
  if (event.detail > 1) event.preventDefault();
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
