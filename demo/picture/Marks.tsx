/** What is drawn below and above the dots. */
import type { JSX } from 'preact';
import { css, inkOn, type Rgb, type Scheme, seenColour } from '../palette.ts';
import type { Axes, Badge, Ellipse, Margins } from './marks.ts';
import type { Size } from './view.ts';

/** Lines are thinner than dots are many: they need more of it against what is behind the picture. */
const CONTRAST_OF_LINES = 2;

interface Frame {
  readonly margins: Margins;
  /** Of the area between the axes. */
  readonly size: Size;
}

function whole({ margins, size }: Frame) {
  return {
    width: margins.left + size.width + margins.right,
    height: margins.top + size.height + margins.bottom,
  };
}

/** A coordinate that needs no more digits. */
function short(value: number): string {
  return String(Math.round(value * 100) / 100);
}

export function AxesLayer({ axes, ...frame }: Frame & { readonly axes: Axes }): JSX.Element {
  const { margins } = frame;
  return (
    <svg class="picture-axes" aria-hidden="true" {...whole(frame)}>
      <g transform={`translate(${margins.left} ${margins.top})`}>
        {axes.lines.map(({ from, to, kind }) => (
          <line class={`picture-${kind}`} x1={short(from[0])} y1={short(from[1])} x2={short(to[0])} y2={short(to[1])} />
        ))}
        {axes.labels.map(({ at, text, anchor, kind }) => (
          <text class={`picture-${kind}`} x={short(at[0])} y={short(at[1])} text-anchor={anchor}>
            {text}
          </text>
        ))}
      </g>
    </svg>
  );
}

interface MarksLayerProps extends Frame {
  readonly badges: readonly Badge[];
  readonly ellipses: readonly Ellipse[];
  readonly colours: readonly Rgb[];
  readonly scheme: Scheme;
  readonly alone: number | null;
  readonly isLive: boolean;
  /** A lasso, or what was chosen: x, y, x, y, … */
  readonly outline: readonly number[];
  /** Whether the middle is marked. */
  readonly hasCrosshair: boolean;
  readonly ring: { readonly x: number; readonly y: number } | null;
}

export function MarksLayer({ badges, ellipses, colours, scheme, alone, ...rest }: MarksLayerProps): JSX.Element {
  const { margins, size, outline, hasCrosshair, ring, isLive } = rest;
  const { width, height } = size;
  const colourOf = (cluster: number) => colours[cluster] ?? colours[0];
  const lineOf = (cluster: number) => css(seenColour(colourOf(cluster), scheme, CONTRAST_OF_LINES));
  const dimmed = (cluster: number) => (alone !== null && alone !== cluster ? ' is-dimmed' : '');
  return (
    <svg class={isLive ? 'picture-marks is-live' : 'picture-marks'} aria-hidden="true" {...whole(rest)}>
      <svg aria-hidden="true" x={margins.left} y={margins.top} width={width} height={height}>
        {ellipses.map(({ cluster, deviations, middle, radii, angle }) => {
          const place = {
            rx: short(radii[0]),
            ry: short(radii[1]),
            transform: `translate(${short(middle[0])} ${short(middle[1])}) rotate(${short(angle)})`,
          };
          return (
            <g class={`picture-ellipse${dimmed(cluster)}`}>
              <ellipse class="picture-halo" {...place} stroke-width={deviations === 1 ? 4 : 3} />
              <ellipse {...place} stroke={lineOf(cluster)} stroke-width={deviations === 1 ? 2 : 1.2} />
            </g>
          );
        })}
        {/* No line crosses a number. */}
        {badges.map(
          (badge) =>
            badge.isMoved && <Leader badge={badge} line={lineOf(badge.cluster)} dimmed={dimmed(badge.cluster)} />,
        )}
        {badges.map(
          (badge) =>
            !badge.isHidden && (
              <BadgeMark badge={badge} colour={colourOf(badge.cluster)} dimmed={dimmed(badge.cluster)} />
            ),
        )}
        {outline.length > 0 && <polygon class="picture-lasso" points={outline.map(short).join(' ')} />}
        {hasCrosshair && (
          <path
            class="picture-crosshair"
            d={`M${width / 2 - 12} ${height / 2}h8m8 0h8M${width / 2} ${height / 2 - 12}v8m0 8v8`}
          />
        )}
        {ring !== null && <circle class="picture-halo" cx={short(ring.x)} cy={short(ring.y)} r="7" stroke-width="5" />}
        {ring !== null && <circle class="picture-ring" cx={short(ring.x)} cy={short(ring.y)} r="7" />}
      </svg>
    </svg>
  );
}

interface LeaderProps {
  readonly badge: Badge;
  readonly line: string;
  readonly dimmed: string;
}

/** From a number that had to give way to where it belongs. */
function Leader({ badge: { mean, at }, line, dimmed }: LeaderProps): JSX.Element {
  const ends = { x1: short(mean[0]), y1: short(mean[1]), x2: short(at[0]), y2: short(at[1]) };
  return (
    <g class={`picture-leader${dimmed}`}>
      <line class="picture-halo" {...ends} stroke-width="4" />
      <line {...ends} stroke={line} stroke-width="1.5" />
      <circle cx={short(mean[0])} cy={short(mean[1])} r="3" fill={line} />
    </g>
  );
}

interface BadgeProps {
  readonly badge: Badge;
  readonly colour: Rgb;
  readonly dimmed: string;
}

function BadgeMark({ badge: { at, text, width }, colour, dimmed }: BadgeProps): JSX.Element {
  return (
    <g class={`picture-badge${dimmed}`}>
      <rect
        x={short(at[0] - width / 2)}
        y={short(at[1] - 10)}
        width={short(width)}
        height="20"
        rx="10"
        fill={css(colour)}
      />
      <text x={short(at[0])} y={short(at[1] + 4)} text-anchor="middle" fill={inkOn(colour)}>
        {text}
      </text>
    </g>
  );
}
