/** What stands round the picture: its tools, the row under the pointer, and what is in view. */
import type { JSX } from 'preact';
import { formatNumber } from '../features/format.ts';
import { css, type Rgb } from '../palette.ts';
import type { Margins } from './marks.ts';
import type { Picked, Selected } from './scene.ts';
import type { Size } from './view.ts';

export type Tool = 'move' | 'lasso' | 'box';

const TOOLS: readonly { readonly tool: Tool; readonly name: string; readonly title: string }[] = [
  { tool: 'move', name: 'Move', title: 'Drag to move the picture' },
  { tool: 'lasso', name: 'Lasso', title: 'Drag round the rows to select' },
  { tool: 'box', name: 'Box', title: 'Drag a box over the rows to select' },
];

interface ToolbarProps {
  readonly tool: Tool;
  readonly isSolid: boolean;
  readonly option?: JSX.Element | undefined;
  readonly onTool: (tool: Tool) => void;
  readonly onNearer: () => void;
  readonly onFarther: () => void;
  readonly onHome: () => void;
}

export function Toolbar({ tool, isSolid, option, onTool, onNearer, onFarther, onHome }: ToolbarProps): JSX.Element {
  return (
    <div class="picture-tools" role="toolbar" aria-label="Picture">
      <fieldset aria-label="What dragging does">
        {TOOLS.map(({ tool: each, name, title }) => (
          <button type="button" title={title} aria-pressed={each === tool} onClick={() => onTool(each)}>
            {each === 'move' && isSolid ? 'Turn' : name}
          </button>
        ))}
      </fieldset>
      {option}
      <fieldset aria-label="Zoom">
        <button type="button" title="Zoom out" aria-label="Zoom out" onClick={onFarther}>
          −
        </button>
        <button type="button" title="Zoom in" aria-label="Zoom in" onClick={onNearer}>
          +
        </button>
        <button type="button" title="Back to the first view" onClick={onHome}>
          Home
        </button>
      </fieldset>
    </div>
  );
}

export interface Card {
  readonly picked: Picked;
  /** In CSS pixels of the area. */
  readonly x: number;
  readonly y: number;
  /** Whether it stays when the pointer leaves. */
  readonly isPinned: boolean;
}

interface RowCardProps {
  readonly card: Card;
  readonly margins: Margins;
  readonly size: Size;
  readonly colours: readonly Rgb[];
  readonly nameOf: (cluster: number) => string;
}

export function RowCard({ card, margins, size, colours, nameOf }: RowCardProps): JSX.Element {
  const { cluster, lines } = card.picked;
  return (
    <div class="picture-card" style={cardPlace(card, margins, size)}>
      {cluster !== null && (
        <p>
          <span class="picture-swatch" style={{ background: css(colours[cluster] ?? colours[0]) }} />
          Cluster {nameOf(cluster)}
        </p>
      )}
      {lines.map((line) => (
        <p>{line}</p>
      ))}
    </div>
  );
}

/** Beside its dot, on the side where there is more room. */
function cardPlace({ x, y }: Card, { left, right, top, bottom }: Margins, size: Size) {
  const isLeft = x > size.width / 2;
  const isAbove = y > size.height / 2;
  return {
    [isLeft ? 'right' : 'left']: `${isLeft ? size.width - x + right + 14 : x + left + 14}px`,
    [isAbove ? 'bottom' : 'top']: `${isAbove ? size.height - y + bottom + 8 : y + top + 8}px`,
  };
}

interface CaptionProps {
  readonly n: number;
  /** Rows outside of the first view, while that is shown. */
  readonly outside: number;
  /** Rows in view; null while it is not known. */
  readonly inside: number | null;
  readonly selected: Selected | null;
  readonly trouble: string;
  readonly onShowAll: () => void;
  readonly onUnselect: () => void;
}

/** What is in view, and what is not. */
export function Caption(props: CaptionProps): JSX.Element {
  const { n, outside, inside, selected, trouble, onShowAll, onUnselect } = props;
  const view =
    inside === null || inside === n
      ? `All ${formatNumber(n)} rows`
      : `${formatNumber(inside)} of ${formatNumber(n)} rows in view`;
  return (
    <p class="picture-count">
      {trouble !== '' && <span class="picture-trouble">The picture could not be drawn: {trouble}</span>}
      {selected !== null && (
        <span>
          {formatNumber(selected.count)} of {formatNumber(selected.n)} rows selected{' '}
          <button type="button" onClick={onUnselect}>
            Clear
          </button>
        </span>
      )}
      {outside > 0 ? (
        <span>
          {formatNumber(outside)} of {formatNumber(n)} rows lie outside{' '}
          <button type="button" onClick={onShowAll}>
            Show all
          </button>
        </span>
      ) : (
        <span>{view}</span>
      )}
    </p>
  );
}

interface HintProps {
  readonly id: string;
  readonly tool: Tool;
  readonly isSolid: boolean;
  readonly hasClusters: boolean;
}

export function Hint({ id, tool, isSolid, hasClusters }: HintProps): JSX.Element {
  const drag = isSolid ? 'Drag turns, Shift + drag moves' : 'Drag moves';
  const finger = isSolid ? 'turns' : 'moves';
  return (
    <p class="picture-hint" id={id}>
      <span class="for-mouse">
        {tool === 'move' ? drag : 'Drag selects'}, wheel zooms. Keys: arrows, + − 0, Enter for{' '}
        {tool === 'move' ? 'the row in the middle' : 'all rows in view'}
        {hasClusters ? ', N and P for clusters' : ''}.
      </span>
      <span class="for-touch">One finger {tool === 'move' ? finger : 'selects'}, two zoom. Tap a dot for its row.</span>
    </p>
  );
}
