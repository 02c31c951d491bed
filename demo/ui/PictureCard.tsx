/** The picture, what its axes are, and what is at hand about it. */
import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { ticks } from '../features/format.ts';
import { clusterColour, neutralColour, seenColour } from '../palette.ts';
import { Picture, type PictureHandle } from '../picture/Picture.tsx';
import { type AxesChoice, type Drawn, type Exposure, SAMPLE } from '../picture/scene.ts';
import { numbersOf } from '../results/numbers.ts';
import type { Selection } from '../work/calls.ts';
import { aim, chooseRows, expose, findDoubt, pick, save, unchooseRows } from './actions.ts';
import * as state from './state.ts';

export function PictureCard() {
  const scene = state.scene.value;
  const handle = useRef<PictureHandle | null>(null);
  const picture = useRef<HTMLElement>(null);
  const showsDoubt = useSignal(false);
  const selected = useSignal<Selection | null>(null);
  const run = state.picturedRun.value;
  const n = state.prepared.value?.n ?? 0;
  const status = state.status.value;
  // Points of one colour, which clusters are being found for: of many a sample is enough to look at.
  const isPassing = status === 'running' || (status === 'reading' && n > SAMPLE);
  const hasDoubt = run?.settings.model === 'mixture';
  const means = state.live.value;
  const d = state.prepared.value?.d ?? 1;
  const colours = useMemo(() => coloursOf(), [run, means?.length, state.scheme.value]);
  const live = useMemo(() => (means === null ? null : { means, k: means.length / d, d }), [means]);
  const names = useMemo(() => (run === null ? [] : numbersOf(run).map(String)), [run]);
  useEffect(() => {
    selected.value = null;
    showsDoubt.value = false;
  }, [run, scene]);
  const shown = async (exposure: Exposure, signal: AbortSignal): Promise<Drawn> => {
    const drawn = await expose(exposure, signal);
    // While a table is read, there are its first rows only.
    const isWhole = exposure.sample === null && state.status.value !== 'reading';
    performance.mark(isWhole ? 'picture:whole' : 'picture:sample');
    if (picture.current !== null) picture.current.dataset.painter = drawn.painter;
    picture.current?.dispatchEvent(new CustomEvent('picture', { detail: { isWhole } }));
    return drawn;
  };
  return (
    <section id="picture" class="card" ref={picture} aria-labelledby="picture-title">
      <h2 id="picture-title" class="unseen">
        Picture
      </h2>
      <div class="toolbar axes-row">
        <Axes />
      </div>
      {scene === null ? (
        <p class="no-picture muted" aria-hidden="true">
          Rows are drawn here, a dot for each.
        </p>
      ) : (
        <Picture
          scene={scene}
          n={n}
          version={state.pictured.value}
          run={run}
          live={live}
          isRough={live !== null || (run === null && isPassing)}
          colours={colours}
          scheme={state.scheme.value}
          names={names}
          centres={state.centres.value}
          alone={state.alone.value}
          showsDoubt={showsDoubt.value}
          ticks={ticks}
          expose={shown}
          pick={pick}
          within={async (area) => {
            selected.value = await chooseRows(area);
            return selected.value;
          }}
          onSelect={(found) => {
            if (found !== null) return;
            selected.value = null;
            void unchooseRows();
          }}
          onAlone={(cluster) => {
            state.alone.value = cluster;
          }}
          option={
            hasDoubt || state.settings.value.model === 'mixture' ? (
              <label class="check">
                <input
                  id="doubt"
                  type="checkbox"
                  checked={showsDoubt.value}
                  disabled={!hasDoubt}
                  onChange={async ({ currentTarget: { checked } }) => {
                    if (checked) await findDoubt();
                    showsDoubt.value = checked;
                  }}
                />
                fainter where unsure
              </label>
            ) : undefined
          }
          handle={handle}
        >
          <p class="picture-save">
            <span class="muted">Save as</span>
            {(['png', 'svg'] as const).map((kind) => (
              <button
                type="button"
                class="small"
                key={kind}
                onClick={async () => {
                  const title = state.opened.value?.name ?? 'Clusters';
                  const of = handle.current;
                  if (of !== null) save(await (kind === 'png' ? of.toPng(title) : of.toSvg(title)), `clusters.${kind}`);
                }}
              >
                {kind.toUpperCase()}
              </button>
            ))}
          </p>
        </Picture>
      )}
      {selected.value !== null && (
        <div id="selection" class="note" role="status">
          {selected.value.lines.map((line) => (
            <p key={line}>{line}</p>
          ))}
        </div>
      )}
    </section>
  );
}

function coloursOf() {
  const scheme = state.scheme.value;
  const run = state.picturedRun.value;
  const k = state.live.value === null ? 0 : state.live.value.length / (state.prepared.value?.d ?? 1);
  if (run?.palette) return run.palette.map((colour) => seenColour(colour, scheme));
  if (run !== null) return run.colours.map((place) => clusterColour(place, scheme));
  if (k > 0) return Array.from({ length: k }, (_, i) => clusterColour(i, scheme));
  return [neutralColour(scheme)];
}

function Axes() {
  const summaries = state.opened.value?.summaries;
  const axes = state.axes.value;
  const prepared = state.prepared.value;
  if (summaries === undefined || axes === null || prepared === null) return null;
  const columns = summaries.flatMap(({ name, measure }, column) => (measure === 'text' ? [] : [{ name, column }]));
  const components = prepared.d > 2;
  const value = axes.kind === 'components' ? `components ${axes.count}` : axes.kind;
  // Those that are clustered first: the others may be constant.
  const inUse = new Set(prepared.features.map(({ column }) => column));
  const offered = [...columns.filter(({ column }) => inUse.has(column)), ...columns].map(({ column }) => column);
  const [x = 0, y = x] = axes.kind === 'components' ? [...new Set(offered)] : [axes.x, axes.y];
  const chooseKind = (kind: string) => {
    if (kind === 'columns') return aim({ kind, x, y });
    if (kind === 'space') return aim({ kind, x, y, z: offered.find((column) => column !== x && column !== y)! });
    return aim({ kind: 'components', count: kind.endsWith('3') ? 3 : 2 });
  };
  const choose = (place: 'x' | 'y' | 'z', column: number) => {
    if (axes.kind !== 'components') void aim({ ...axes, [place]: column } as AxesChoice);
  };
  return (
    <span class="axes">
      <label>
        <span class="unseen">What is shown</span>
        <select id="axes" value={value} onChange={({ currentTarget }) => chooseKind(currentTarget.value)}>
          <option value="columns">two columns</option>
          {columns.length > 2 && <option value="space">three columns, in 3-D</option>}
          {components && <option value="components 2">principal components</option>}
          {components && <option value="components 3">principal components, in 3-D</option>}
        </select>
      </label>
      {axes.kind !== 'components' &&
        (['y', 'x', ...(axes.kind === 'space' ? (['z'] as const) : [])] as const).map((place) => (
          <label key={place}>
            {place === 'y' ? '' : place === 'x' ? 'by' : 'and'}{' '}
            <select
              id={`axis-${place}`}
              aria-label={`Axis ${place}`}
              value={axes.kind === 'space' ? axes[place] : axes[place === 'z' ? 'x' : place]}
              onChange={({ currentTarget }) => choose(place, Number(currentTarget.value))}
            >
              {columns.map(({ name, column }) => (
                <option key={column} value={column}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        ))}
    </span>
  );
}
