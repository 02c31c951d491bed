/** What is shown of a run: lines of cells, for a terminal and for a page. Runs in pages too. */
import type { TunedVariant } from '../../src/index.ts';
import { threeDigits } from '../table.ts';
import type { AdapterReport, CaseReport, ContenderReport } from './suite.ts';

const SOFTWARE = 'software adapter: its figures say nothing about speed';

export const HEADINGS = [
  'ms an iteration',
  'times the library',
  'GPU ms',
  'GFLOP/s',
  '% of float32',
  '% of copies',
  'upload ms',
  'first call ms',
  'readback ms',
  'MB',
  'off by',
] as const;

export const FOOTNOTE = `ms an iteration: between a fit of several iterations and one of one, by the host's clock. GPU ms: the same by the GPU's own, every
kernel in passes of its own; browsers round them. GFLOP/s: by that time, 2·n·k·d for k-means; for mixtures the multiply-adds of
the density and of the moments: 4·n·k·d for spherical, 8·n·k·d for diag, 2·n·k·d·(d + 1) for full. % of float32, of copies: of what
two shaders reached on this adapter in this run; of copies counts the points, read once, and a label for each. first call: what a
first fit takes longer than a second, compilation most of all. readback: a fit's labels to the host. MB: of buffers, at the same
time. off by: for the library the objective that it tells against float64, for others the inertia of a sample at their centroids
in float64 against that of the library's; from the same start, after as many iterations.`;

export function adapterLine({ name, software, flopsPerSecond, bytesPerSecond, timestamps }: AdapterReport): string {
  const rates = `${threeDigits(flopsPerSecond / 1e9)} GFLOP/s of float32, ${threeDigits(bytesPerSecond / 1e9)} GB/s of copies`;
  return [name, rates, ...(timestamps ? [] : ['no timestamps']), ...(software ? [SOFTWARE] : [])].join('; ');
}

/** The contenders of a case, the library first: a name and a cell for each heading. */
export function rowsOf({ library, peers }: CaseReport): string[][] {
  const own = [
    library.gpuMs === null ? '–' : cell(library.gpuMs),
    cell(library.flopsPerSecond / 1e9),
    percent(library.ofFlops),
    percent(library.ofBandwidth),
  ];
  const row = (report: ContenderReport, rates: readonly string[], rest: readonly string[]) => [
    report.contender,
    threeDigits(report.iterationMs),
    cell(report.iterationMs / library.iterationMs),
    ...rates,
    report.uploadMs === null ? '–' : threeDigits(report.uploadMs),
    threeDigits(report.firstCallMs),
    ...rest,
  ];
  const readback = library.readbackMs === null ? '–' : threeDigits(library.readbackMs);
  return [
    row(library, own, [readback, threeDigits(library.peakBytes / 1e6), library.judgement.told.toExponential(1)]),
    ...peers.map((peer) => {
      const off = peer.inertia === null ? '–' : (peer.inertia - 1).toExponential(1);
      return row(peer, ['–', '–', '–', '–'], ['–', '–', off]);
    }),
  ];
}

/** The variants of k-means, the fastest first; behind a star the one that is taken from now on. */
export function variantsLine({ library: { tuned } }: CaseReport): string | null {
  if (tuned === null) return null;
  const words = (variant: TunedVariant) => Object.entries(variant).map(([field, value]) => `${field} ${value}`);
  const taken = words(tuned.variant).join(', ');
  const lines = [...tuned.milliseconds!]
    .sort((a, b) => a.best - b.best)
    .map(({ variant, best }) => [words(variant).join(', '), best] as const)
    .map(([name, best]) => `${name === taken ? '* ' : ''}${name}: ${threeDigits(best)} ms`);
  return `a pass by variant: ${lines.join('; ')}`;
}

/** The kernels of an iteration, the longest first. */
export function kernelLine({ library: { kernels, gpuMs } }: CaseReport): string | null {
  if (kernels === null || !gpuMs) return null;
  const longest = Object.entries(kernels).sort(([, a], [, b]) => b - a);
  return longest.map(([label, ms]) => `${label} ${percent(ms / gpuMs)} %`).join(', ');
}

function percent(share: number): string {
  return cell(100 * share);
}

/** Where the clock saw no time there is no rate. */
function cell(value: number): string {
  return Number.isFinite(value) ? threeDigits(value) : '–';
}
