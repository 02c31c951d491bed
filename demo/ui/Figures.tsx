/** The run in figures, as far as it has come. */
import { formatNumber } from '../features/format.ts';
import type { EngineTold } from '../work/calls.ts';
import { engine, live, prepared, run, settings, status, steps } from './state.ts';

export function Figures() {
  const ended = status.value === 'running' ? null : run.value;
  const told = engine.value;
  const model = ended?.settings.model ?? settings.value.model;
  const last = ended === null ? steps.value.at(-1) : { iteration: ended.iterations, objective: ended.objective };
  const objectives = ended?.objectives ?? steps.value.map(({ objective }) => objective);
  const name = model === 'kmeans' ? 'Inertia' : 'Lower bound';
  return (
    <section class="card figures" aria-label="Figures" data-live={live.value !== null}>
      <dl>
        <Figure
          id="engine"
          name="Engine"
          value={told === null ? '–' : engineOf(ended?.backend ?? told.backend, told)}
        />
        <Figure id="n" name="Rows" value={prepared.value === null ? '–' : formatNumber(prepared.value.n)} />
        <Figure id="d" name="Features" value={prepared.value === null ? '–' : String(prepared.value.d)} />
        <Figure id="iteration" name="Iterations" value={last === undefined ? '–' : formatNumber(last.iteration)} />
        <Figure id="objective" name={name} value={last === undefined ? '–' : formatNumber(last.objective, 6)}>
          <Sparkline values={objectives} />
        </Figure>
        <Figure id="time" name="Time" value={ended === null ? '–' : `${(ended.fitTime / 1000).toFixed(2)} s`} />
      </dl>
      {/* Its room is kept before there is anything to say. */}
      <p class="note" id="reason">
        {told !== null && reasonOf(ended?.reason ?? told.reason, told)}
        {ended !== null &&
          ended.startTime > 0 &&
          ` Before that, ${(ended.startTime / 1000).toFixed(2)} s to start the engine and to upload the points.`}
      </p>
    </section>
  );
}

interface FigureProps {
  readonly id: string;
  readonly name: string;
  readonly value: string;
  readonly children?: preact.ComponentChildren;
}

function Figure({ id, name, value, children }: FigureProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd title={value}>
        <span id={id}>{value}</span>
        {children}
      </dd>
    </div>
  );
}

/** The objectives so far, from the lowest to the highest. */
function Sparkline({ values }: { readonly values: readonly number[] }) {
  if (values.length < 2) return null;
  const low = Math.min(...values);
  const high = Math.max(...values);
  const at = (value: number, i: number) =>
    `${((100 * i) / (values.length - 1)).toFixed(2)} ${(22 - 20 * (high > low ? (value - low) / (high - low) : 0.5)).toFixed(2)}`;
  return (
    <svg class="sparkline" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label="By iteration">
      <path d={`M${values.map(at).join('L')}`} vector-effect="non-scaling-stroke" />
    </svg>
  );
}

function engineOf(backend: string, { adapter, threads }: EngineTold): string {
  if (backend === 'webgpu') return adapter === '' ? 'WebGPU' : `WebGPU (${adapter})`;
  return threads === 1 ? 'CPU, one thread' : `CPU, ${threads} threads`;
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['asked', 'This engine was asked for.'],
  ['hardware', 'There is a GPU, and points enough for it.'],
  ['no-adapter', 'On the CPU, since this browser offers no WebGPU here.'],
  ['software-adapter', 'On the CPU, since there is no GPU: WebGPU would be computed by software, which is slower.'],
  ['small', 'On the CPU: so few points are done before a GPU would have begun.'],
  ['precision', 'On the CPU: these numbers need more digits than a GPU has.'],
  ['device-lost', 'The GPU was lost on the way: it went on, on the CPU.'],
]);

function reasonOf(reason: string, { backend, software }: EngineTold): string {
  const isSlow = software && backend === 'webgpu';
  return `${REASONS.get(reason) ?? ''}${isSlow ? ' The adapter is software: slow, and no measure of a GPU.' : ''}`;
}
