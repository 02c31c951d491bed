/** Of an image: the colours of its clusters, and what it looks like in these alone. */
import { useEffect, useRef } from 'preact/hooks';
import { formatShare } from '../features/format.ts';
import { css, hexOf, inkOn, type Rgb } from '../palette.ts';
import { ranked } from '../results/numbers.ts';
import type { Run } from '../work/runs.ts';
import { repaint, take } from './actions.ts';
import { useCopying } from './Copyable.tsx';
import { opened } from './state.ts';

/** Pixels of the preview's longer side: twice what is shown, for sharp screens. */
const MOST = 720;

interface PaletteProps {
  readonly run: Run;
  readonly palette: readonly Rgb[];
}

export function Palette({ run, palette }: PaletteProps) {
  const { copied, copy } = useCopying('Select the codes to copy them');
  const colours = ranked(run).map((cluster) => palette[cluster]);
  const total = run.counts.reduce((sum, count) => sum + count, 0);
  const shares = ranked(run).map((cluster) => run.counts[cluster] / total);
  const stem = (opened.value?.name ?? 'image').replace(/\.[^.]*$/, '') || 'image';
  return (
    <div class="palette">
      <ol aria-label="Palette">
        {colours.map((colour, i) => (
          <li key={i} style={{ '--cluster': css(colour), '--ink': inkOn(colour), flexGrow: 100 * shares[i] }}>
            <code>{hexOf(colour)}</code> {formatShare(shares[i])}
          </li>
        ))}
      </ol>
      <Preview run={run} count={colours.length} />
      <p class="toolbar">
        <button type="button" class="small" onClick={() => copy(cssOf(colours, shares))}>
          Copy as CSS
        </button>
        <button
          type="button"
          class="small"
          data-take="repainted"
          onClick={() => take('repainted', `${stem}-colours.png`)}
        >
          Repainted image as PNG
        </button>
        <span role="status" class="muted">
          {copied}
        </span>
      </p>
    </div>
  );
}

function Preview({ run, count }: { readonly run: Run; readonly count: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const off = new AbortController();
    // Called off, or of a run that is gone by then: another one follows.
    void show(run.id, canvas.current!, off.signal).catch(() => undefined);
    return () => off.abort();
  }, [run]);
  const name = `The image in ${count === 1 ? 'its mean colour' : `these ${count} colours`}`;
  return <canvas ref={canvas} role="img" aria-label={name} width="0" height="0" />;
}

async function show(run: number, canvas: HTMLCanvasElement, signal: AbortSignal): Promise<void> {
  const bitmap = await repaint(run, MOST, signal);
  if (signal.aborted) return bitmap.close();
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext('bitmaprenderer')!.transferFromImageBitmap(bitmap);
}

/** Custom properties, the largest share first. */
function cssOf(colours: readonly Rgb[], shares: readonly number[]): string {
  const lines = colours.map((colour, i) => `  --colour-${i + 1}: ${hexOf(colour)}; /* ${formatShare(shares[i])} */`);
  return `:root {\n${lines.join('\n')}\n}\n`;
}
