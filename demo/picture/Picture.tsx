/** The picture: dots that the worker draws, and above them axes and marks. */
import './picture.css';
import type { JSX } from 'preact';
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { formatNumber } from '../features/format.ts';
import { neutralColour, type Rgb, type Scheme } from '../palette.ts';
import type { Run } from '../work/runs.ts';
import { createDots, type Dots } from './dots.ts';
import type { Sheet } from './export.ts';
import { useBrief, useRatio, useSize } from './hooks.ts';
import { AxesLayer, MarksLayer } from './Marks.tsx';
import { axesOf, badgesOf, ellipsesOf, marginsOf, placesOf, type TickMaker } from './marks.ts';
import { Caption, type Card, Hint, RowCard, type Tool, Toolbar } from './Parts.tsx';
import { type Gestures, listenTo, type Spot } from './pointer.ts';
import type { Area, Drawn, Exposure, Picked, SceneInfo, Selected, ToPixels } from './scene.ts';
import {
  homeView,
  isHome,
  type Place,
  panned,
  type Size,
  shiftBetween,
  toPixels,
  turned,
  type View,
  wholeView,
  zoomed,
} from './view.ts';

export interface PictureProps {
  /** The same object as long as the axes and the rows are the same: another is seen from its home. */
  readonly scene: SceneInfo;
  readonly n: number;
  /** Of what the worker draws: a picture is asked for anew when this changes, as when rows or labels are others. */
  readonly version: number;
  readonly run: Run | null;
  /** Centroids [k, d] of a run that is on: while there are some, dots are those of a sample. */
  readonly live: { readonly means: Float64Array; readonly k: number; readonly d: number } | null;
  /** Whether a sample will do: another picture is to come soon. */
  readonly isRough: boolean;
  /** A colour for each cluster; of one entry, or empty, where there are none. */
  readonly colours: readonly Rgb[];
  readonly scheme: Scheme;
  /** What clusters are called; their numbers from 1, where this is shorter. */
  readonly names?: readonly string[];
  /** Where clusters are [k, m], for a scene without `shares`. */
  readonly centres?: Float64Array | null;
  readonly alone: number | null;
  readonly showsDoubt?: boolean;
  /** Values to mark on an axis. */
  readonly ticks: TickMaker;
  readonly expose: (exposure: Exposure, signal: AbortSignal) => Promise<Drawn>;
  /** The row at a place of the last whole picture, in pixels of the screen. */
  readonly pick: (column: number, row: number) => Promise<Picked | null>;
  readonly within: (area: Area) => Promise<Selected>;
  readonly onSelect?: (selected: Selected | null) => void;
  readonly onAlone?: (cluster: number | null) => void;
  /** Filled with what can be done to the picture from outside. */
  readonly handle?: { current: PictureHandle | null };
  /** Among its tools. */
  readonly option?: JSX.Element | undefined;
  /** Beside what is said of the rows in view. */
  readonly children?: JSX.Element;
}

export interface PictureHandle {
  home(): void;
  /** With the dots, the marks, a legend and a title. */
  toPng(title: string): Promise<Blob>;
  toSvg(title: string): Promise<Blob>;
}

const STEP = 1.5;

interface Selection {
  /** In CSS pixels of the area: x, y, x, y, … */
  readonly polygon: readonly number[];
  readonly matrix: ToPixels;
  /** Null until it is known. */
  readonly selected: Selected | null;
}

export function Picture(props: PictureProps): JSX.Element {
  const { scene, n, version, run, live, alone, scheme } = props;
  const stage = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const dots = useRef<Dots | null>(null);
  const waiting = useRef<(() => void)[]>([]);
  const hintId = useId();
  const outerSize = useSize(stage);
  const ratio = useRatio();
  const [seen, setSeen] = useState<{ readonly scene: SceneInfo; readonly view: View }>({
    scene,
    view: homeView(scene),
  });
  const [tool, setTool] = useState<Tool>('move');
  const [whole, setWhole] = useState<Drawn | null>(null);
  const [trouble, setTrouble] = useState('');
  const [card, setCard] = useState<Card | null>(null);
  const [stroke, setStroke] = useState<readonly number[]>([]);
  const [selection, setSelection] = useState<Selection | null>(null);
  const [said, setSaid] = useState('');
  const [byKeys, setByKeys] = useState(false);
  const [hasWheelHint, showWheelHint] = useBrief(1800);

  const view = seen.scene === scene ? seen.view : homeView(scene);
  const margins = marginsOf(scene, outerSize.width);
  const size: Size = {
    width: Math.max(1, outerSize.width - margins.left - margins.right),
    height: Math.max(1, outerSize.height - margins.top - margins.bottom),
  };
  const matrix = toPixels(view, scene, size);
  const colours = useMemo(
    () => (props.colours.length > 0 ? props.colours : [neutralColour(scheme)]),
    [props.colours, scheme],
  );
  const clusters = clustersOf(props);
  const badges = clusters === null ? [] : badgesOf(clusters, props.names ?? [], matrix, size);
  const ellipses =
    clusters === null || run === null || live !== null || run.covariances === null
      ? []
      : ellipsesOf(scene, run.covariances, run.d, clusters, matrix);
  const nameOf = (cluster: number) => props.names?.[cluster] ?? String(cluster + 1);

  /** What callbacks of an earlier drawing need to know of now. */
  const now = useRef({ props, view, size, matrix, margins, tool, card, selection, stroke, byKeys, k: 0, colours });
  now.current = {
    ...{ props, view, size, matrix, margins, tool, card, selection, stroke, byKeys, colours },
    k: clusters?.length ?? 0,
  };

  const asked = useRef(0);

  const look = (change: (view: View, scene: SceneInfo) => View) => {
    const { view, props } = now.current;
    const next = change(view, props.scene);
    now.current = { ...now.current, view: next };
    setSeen({ scene: props.scene, view: next });
    // A row that is asked for comes too late now.
    asked.current++;
    setCard(null);
  };

  const select = async (polygon: readonly number[]) => {
    const { props, matrix } = now.current;
    const area: Selection = { polygon, matrix, selected: null };
    setSelection(area);
    try {
      const selected = await props.within({ polygon, toPixels: matrix });
      setSelection((latest) => (latest === area ? { ...area, selected } : latest));
      setSaid(`${formatNumber(selected.count)} rows selected.`);
      props.onSelect?.(selected);
    } catch {
      setSelection((latest) => (latest === area ? null : latest));
    }
  };

  const unselect = () => {
    if (now.current.selection === null) return;
    setSelection(null);
    now.current.props.onSelect?.(null);
  };

  /** Shows the row at a place, if there is one: the newest place that was asked for. */
  const pickAt = async (spot: Spot | null, isPinned: boolean) => {
    const turn = ++asked.current;
    if (spot === null || dots.current?.whole() == null) return setCard((card) => (card?.isPinned ? card : null));
    const scale = dots.current.whole()!.bitmap.width / now.current.size.width;
    const picked = await now.current.props.pick(spot.x * scale, spot.y * scale).catch(() => null);
    if (turn !== asked.current) return;
    // One that was clicked stays until another is.
    if (!isPinned && now.current.card?.isPinned) return;
    setCard(picked && { picked, x: picked.place[0] / scale, y: picked.place[1] / scale, isPinned });
    if (isPinned) setSaid(picked === null ? 'No row here.' : picked.lines.join(', '));
  };

  const stepThrough = (by: number) => {
    const { props, k } = now.current;
    if (k === 0 || props.onAlone === undefined) return;
    const from = props.alone ?? (by > 0 ? -1 : k);
    const next = from + by;
    const cluster = next < 0 || next >= k ? null : next;
    props.onAlone(cluster);
    setSaid(cluster === null ? 'All clusters.' : `Cluster ${props.names?.[cluster] ?? cluster + 1} stands out.`);
  };

  useLayoutEffect(() => {
    const made = createDots({
      canvas: canvas.current!,
      expose: (exposure, signal) => now.current.props.expose(exposure, signal),
      onWhole: (drawn) => {
        setWhole(drawn);
        setTrouble('');
        for (const go of waiting.current.splice(0)) go();
      },
      onTrouble: (message) => {
        setTrouble(message);
        for (const go of waiting.current.splice(0)) go();
      },
    });
    dots.current = made;
    return () => {
      dots.current = null;
      made.end();
    };
  }, []);

  useLayoutEffect(() => {
    if (outerSize.width === 0) return;
    const wanted = { colours, scheme, alone, showsDoubt: props.showsDoubt ?? false };
    dots.current?.show({ scene, version, live, n, look: wanted, size, matrix, ratio, isRough: props.isRough });
  });

  useEffect(() => setCard(null), [scene, version]);

  // What was chosen stays so when its labels change; on other axes its outline means nothing.
  useEffect(() => {
    if (now.current.selection !== null) unselect();
  }, [scene]);

  useEffect(() => {
    const inArea = ({ x, y }: Spot): Spot => ({ x: x - now.current.margins.left, y: y - now.current.margins.top });
    const placeOf = (spot: Spot): Place => {
      const { x, y } = inArea(spot);
      const { width, height } = now.current.size;
      return { right: x / width, up: 1 - y / height };
    };
    const isInside = (spot: Spot) => {
      const { right, up } = placeOf(spot);
      return right >= 0 && right <= 1 && up >= 0 && up <= 1;
    };
    const moveBy = (right: number, down: number, turns: boolean) => {
      const { width, height } = now.current.size;
      const [across, up] = [right / width, -down / height];
      look((view, scene) =>
        turns && view.kind === 'orbit' ? turned(view, across, up) : panned(view, scene, across, up),
      );
    };
    let corner: Spot = { x: 0, y: 0 };
    const gestures: Gestures = {
      onDragStart(at) {
        setByKeys(false);
        corner = inArea(at);
        if (now.current.tool !== 'move') unselect();
      },
      onDrag(at, right, down, { shiftKey }) {
        if (now.current.tool === 'move') return moveBy(right, down, !shiftKey);
        const { x, y } = inArea(at);
        const next =
          now.current.tool === 'lasso'
            ? [...(now.current.stroke.length > 0 ? now.current.stroke : [corner.x, corner.y]), x, y]
            : [corner.x, corner.y, x, corner.y, x, y, corner.x, y];
        now.current = { ...now.current, stroke: next };
        setStroke(next);
      },
      onDragEnd(_at, isCancelled) {
        const { stroke } = now.current;
        if (stroke.length >= 6 && !isCancelled) void select(stroke);
        now.current = { ...now.current, stroke: [] };
        setStroke([]);
      },
      onPinch(factor, about, right, down) {
        look((view, scene) => zoomed(view, scene, factor, placeOf(about)));
        moveBy(right, down, false);
      },
      onWheel(factor, about, event) {
        if (!event.ctrlKey && !event.metaKey && document.activeElement !== stage.current) {
          showWheelHint();
          return false;
        }
        look((view, scene) => zoomed(view, scene, factor, placeOf(about)));
        return true;
      },
      onClick(at) {
        setByKeys(false);
        if (isInside(at)) void pickAt(inArea(at), true);
      },
      onDoubleClick(at) {
        look((view, scene) => zoomed(view, scene, 2, placeOf(at)));
      },
      onHover(at) {
        void pickAt(at !== null && isInside(at) ? inArea(at) : null, false);
      },
    };
    return listenTo(stage.current!, gestures);
  }, []);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== stage.current) return;
    const move = (right: number, up: number) =>
      look((view, scene) =>
        view.kind === 'orbit' && !event.shiftKey ? turned(view, -right / 2, -up / 2) : panned(view, scene, right, up),
      );
    const zoom = (factor: number) => look((view, scene) => zoomed(view, scene, factor));
    const acts: Record<string, () => void> = {
      ArrowLeft: () => move(0.1, 0),
      ArrowRight: () => move(-0.1, 0),
      ArrowUp: () => move(0, -0.1),
      ArrowDown: () => move(0, 0.1),
      '+': () => zoom(STEP),
      '=': () => zoom(STEP),
      '-': () => zoom(1 / STEP),
      '0': () => look((_, scene) => homeView(scene)),
      n: () => stepThrough(1),
      p: () => stepThrough(-1),
      Enter: () => {
        const { width, height } = size;
        if (tool === 'move') void pickAt({ x: width / 2, y: height / 2 }, true);
        else void select([0, 0, width, 0, width, height, 0, height]);
      },
      Escape: () => {
        if (card !== null) setCard(null);
        else if (selection !== null) unselect();
        else props.onAlone?.(null);
      },
    };
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (act === undefined) return;
    event.preventDefault();
    setByKeys(true);
    act();
  };

  useEffect(() => {
    if (props.handle === undefined) return;
    const sheet = async (title: string): Promise<Sheet> => {
      if (dots.current?.whole() == null) await new Promise<void>((resolve) => waiting.current.push(resolve));
      const { margins, size, props, k, colours } = now.current;
      const [below, above] = [...stage.current!.querySelectorAll<SVGSVGElement>(':scope > svg')];
      const legend = Array.from({ length: k }, (_, c) => ({
        colour: colours[c] ?? colours[0],
        name: props.names?.[c] ?? `Cluster ${c + 1}`,
      }));
      return {
        ...{ below, above, title, legend },
        dots: canvas.current!,
        width: margins.left + size.width + margins.right,
        height: margins.top + size.height + margins.bottom,
        area: { left: margins.left, top: margins.top, ...size },
      };
    };
    const { handle } = props;
    handle.current = {
      home: () => look((_, scene) => homeView(scene)),
      toPng: async (title) => (await import('./export.ts')).pngOf(await sheet(title), Math.max(2, devicePixelRatio)),
      toSvg: async (title) => (await import('./export.ts')).svgOf(await sheet(title)),
    };
    return () => {
      handle.current = null;
    };
  }, [props.handle]);

  const isSolid = scene.info.length === 3;
  return (
    <figure class="picture">
      <Toolbar
        {...{ tool, isSolid, option: props.option }}
        onTool={setTool}
        onNearer={() => look((view, scene) => zoomed(view, scene, STEP))}
        onFarther={() => look((view, scene) => zoomed(view, scene, 1 / STEP))}
        onHome={() => look((_, scene) => homeView(scene))}
      />
      <div
        ref={stage}
        class={`picture-stage is-${tool}`}
        role="application"
        aria-roledescription="scatter plot"
        aria-label={labelOf(scene, n)}
        aria-describedby={hintId}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: an application is worked with the keyboard.
        tabIndex={0}
        onKeyDown={onKeyDown}
        onBlur={() => setByKeys(false)}
      >
        <AxesLayer margins={margins} size={size} axes={axesOf(scene, view, size, props.ticks)} />
        <canvas
          ref={canvas}
          class="picture-dots"
          style={{
            left: `${margins.left}px`,
            top: `${margins.top}px`,
            width: `${size.width}px`,
            height: `${size.height}px`,
          }}
        />
        <MarksLayer
          {...{ margins, size, badges, ellipses, colours, scheme, alone }}
          isLive={live !== null}
          outline={stroke.length > 0 ? stroke : outlineOf(selection, matrix, scene)}
          hasCrosshair={byKeys}
          ring={card}
        />
        {card !== null && <RowCard {...{ card, margins, size, colours, nameOf }} />}
        {hasWheelHint && <p class="picture-wheel-hint">Click the picture, or hold Ctrl, to zoom with the wheel</p>}
      </div>
      <figcaption>
        <Caption
          {...{ n, trouble }}
          outside={isHome(view, scene) ? (scene.outside ?? 0) : 0}
          inside={whole?.inside ?? null}
          selected={selection?.selected ?? null}
          onShowAll={() => look((_, scene) => wholeView(scene))}
          onUnselect={unselect}
        />
        {props.children}
        <Hint {...{ tool, isSolid }} id={hintId} hasClusters={clusters !== null} />
        <p class="unseen" role="status">
          {said}
        </p>
      </figcaption>
    </figure>
  );
}

/** Where the clusters are: those of the run that is on, or of the one that is shown. */
function clustersOf({ scene, run, live, centres }: PictureProps): readonly (readonly number[])[] | null {
  const shown = live ?? run;
  if (shown === null) return null;
  const places = placesOf(scene, shown.means, shown.k, shown.d);
  if (places !== null) return places;
  if (live !== null || run === null || centres == null) return null;
  const m = scene.info.length;
  return Array.from({ length: run.k }, (_, c) => Array.from(centres.subarray(c * m, c * m + m)));
}

function labelOf({ info }: SceneInfo, n: number): string {
  const names = info.map(({ title }) => title).filter((title) => title !== '');
  const directions = ['across', 'up', 'deep'];
  const axes = names.map((name, axis) => `${name} ${info.length === 3 ? '' : directions[axis]}`.trim()).join(', ');
  return `${formatNumber(n)} rows: ${axes}`;
}

/** What was chosen lies elsewhere when the picture has moved. */
function outlineOf(selection: Selection | null, matrix: ToPixels, scene: SceneInfo): readonly number[] {
  if (selection === null) return [];
  // Rows of a scene that turns lie elsewhere now.
  if (scene.info.length === 3 && selection.matrix.some((value, at) => value !== matrix[at])) return [];
  const { scaleX, scaleY, left, top } = shiftBetween(selection.matrix, matrix, scene);
  return selection.polygon.map((value, at) => (at % 2 === 0 ? value * scaleX + left : value * scaleY + top));
}
