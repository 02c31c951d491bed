/** The page's pictures by WebGPU are those of the CPU, but for what rounding moves over the edge of a pixel. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Feature, Features } from '../../demo/features/features.ts';
import { clusterColour } from '../../demo/palette.ts';
import { coordinatesOf } from '../../demo/picture/coordinates.ts';
import { createDarkroom, type Darkroom, type ResidentPoints } from '../../demo/picture/gpu/darkroom.ts';
import { type Layer, type Painted, paint } from '../../demo/picture/painter.ts';
import type { AxesChoice, Exposure } from '../../demo/picture/scene.ts';
import { homeView, project, toPixels, zoomed } from '../../demo/picture/view.ts';
import type { Table } from '../../demo/tables/table.ts';
import { requestNodeDevice } from '../../src/node/index.ts';
import { hashUniform } from '../../src/random.ts';
import { runAsync, runNow } from '../../src/steps.ts';
import { missing } from '../missing.ts';
import { dawnFlags, missingDriver } from '../vulkan.ts';

const [WIDTH, HEIGHT] = [200, 150];
const N = 8000;
const K = 6;
/** Of the pixels with something on them, those that may differ; and levels of 255 by which the others may. */
const DIFFERENT = 2e-3;
const LEVELS = 2;

const uniform = (i: number, j: number) => hashUniform(i, j);
const labels = Uint32Array.from({ length: N }, (_, i) => Math.floor(K * uniform(i, 0) ** 2));
/** Whole minutes of a day, a wide column, a narrow one far from zero, and one with gaps that is not clustered. */
const COLUMNS = [
  (i: number) => Math.floor((300 + 150 * labels[i] + 500 * uniform(i, 1) ** 2) % 1440),
  (i: number) => 1e6 + 3000 * (labels[i] % 3) + 2000 * (uniform(i, 2) + uniform(i, 3)),
  (i: number) => 5 - labels[i] + 3 * uniform(i, 4) ** 3,
  (i: number) => (i % 7 === 0 ? Number.NaN : uniform(i, 5) + uniform(i, 6)),
];
const table: Table = {
  ...{ name: 'test', n: N, remarks: [] },
  columns: COLUMNS.map((value, j) => ({
    ...{ name: `c${j}`, measure: j === 0 ? 'time' : 'number' },
    values: Float64Array.from({ length: N }, (_, i) => value(i)),
  })),
};
const SCALES = [
  [700, 321.5],
  [1e6 + 5000, 2900],
  [4, 1.7],
];
const features: Features = {
  ...{ n: N, d: 3, rows: null, weights: null, leftOut: 0, filled: 0 },
  features: SCALES.map(
    ([centre, unit], column): Feature => ({
      ...{ column, name: `c${column}`, part: 'value', scaling: 'standard', centre, unit, parameter: 0 },
    }),
  ),
  data: Float32Array.from({ length: 3 * N }, (_, at) => {
    const [centre, unit] = SCALES[at % 3];
    return (COLUMNS[at % 3](Math.floor(at / 3)) - centre) / unit;
  }),
};
const doubt = Float32Array.from({ length: N }, (_, i) => uniform(i, 7));

interface Case {
  readonly axes?: AxesChoice;
  readonly zoom?: number;
  readonly changes?: Partial<Exposure>;
  readonly countBytes?: number;
  /** Whether every third row is chosen. */
  readonly isChosen?: boolean;
}

const CASES: Record<string, Case> = {
  'of two columns that were clustered': {},
  'of one that was not clustered, with gaps': { axes: { kind: 'columns', x: 3, y: 1 } },
  'on a fine screen, with a cluster that stands alone': { changes: { ratio: 2, alone: 1 } },
  'fainter where it is not sure': { changes: { showsDoubt: true } },
  'with rows that are chosen': { isChosen: true },
  'of a sample': { changes: { sample: 700 } },
  'from near by': { zoom: 300 },
  'in three dimensions': { axes: { kind: 'space', x: 0, y: 1, z: 2 } },
  'of principal components': { axes: { kind: 'components', count: 2 } },
  'with room for the counts of two clusters at a time': { countBytes: 2 * 4 * WIDTH * HEIGHT },
};

const driverless = process.platform === 'linux' && !process.env.VK_DRIVER_FILES;
let device: GPUDevice;
let resident: ResidentPoints;
let darkroom: Darkroom;

beforeAll(async () => {
  if (driverless) return;
  device = await requestNodeDevice({ flags: dawnFlags });
  const buffer = device.createBuffer({ size: features.data.byteLength, usage: 0x88 });
  device.queue.writeBuffer(buffer, 0, features.data as Float32Array<ArrayBuffer>);
  resident = { device, buffer, n: N, d: 3 };
  darkroom = createDarkroom(resident);
});

afterAll(() => {
  darkroom?.end();
  device?.destroy();
});

for (const [name, { axes, zoom, changes, countBytes, isChosen }] of Object.entries(CASES)) {
  test(`pictures by WebGPU are those of the CPU: ${name}`, async (context) => {
    if (driverless) missing(context, missingDriver);
    const coordinates = await runAsync(coordinatesOf(axes ?? { kind: 'columns', x: 0, y: 1 }, table, features));
    const { scene } = coordinates;
    const size = { width: WIDTH, height: HEIGHT };
    const home = homeView(scene);
    const [column, line] = project(
      toPixels(home, scene, size),
      COLUMNS.slice(0, 2).map((value) => value(0)),
    );
    // In the home view whole minutes lie on edges of pixels, where rounding decides: near by, a thousandth of one is enough.
    const about = { right: (column + 1e-3) / WIDTH, up: 1 - (line + 1e-3) / HEIGHT };
    const view = zoomed(home, scene, zoom ?? 1.03, about);
    const exposure: Exposure = {
      ...{ id: 1, ratio: 1, scheme: 'light', alone: null, showsDoubt: false, sample: null },
      colours: Array.from({ length: K }, (_, c) => clusterColour(c, 'light')),
      toPixels: toPixels(view, scene, size),
      ...size,
      ...changes,
    };
    const chosen = labels.map((label, i) => (i % 3 === 0 ? label + K : label));
    const layer: Layer = isChosen
      ? { coordinates, labels: chosen, k: 2 * K, doubt, hasChosen: true }
      : { coordinates, labels, k: K, doubt };
    const expected = runNow(paint(layer, exposure));
    const room = countBytes === undefined ? darkroom : createDarkroom(resident, countBytes);
    const found = await room.develop(layer, exposure);
    if (room !== darkroom) room.end();
    expect(expected.inside).toBeGreaterThan(zoom === undefined ? 100 : 0);
    expect(Math.abs(found.inside - expected.inside)).toBeLessThanOrEqual(1e-4 * N);
    expect(found.drawn).toBe(expected.drawn);
    let inked = 0;
    let different = 0;
    for (let at = 0; at < expected.pixels.length; at += 4) {
      const alpha = expected.pixels[at + 3];
      if (alpha > 0 || found.pixels[at + 3] > 0) inked++;
      const isDifferent = [0, 1, 2, 3].some((channel) => {
        const seen = ({ pixels }: Painted) => pixels[at + channel] * (channel < 3 ? pixels[at + 3] / 255 : 1);
        return Math.abs(seen(expected) - seen(found)) > LEVELS;
      });
      if (isDifferent) different++;
    }
    expect(inked).toBeGreaterThan(10);
    expect(different / inked).toBeLessThanOrEqual(DIFFERENT);
    // A point of those on each pixel.
    const isHere = expected.grid?.points.filter((point, at) => point > 0 === found.grid!.points[at] > 0).length;
    if (expected.grid !== null) expect(isHere).toBeGreaterThanOrEqual(size.width * size.height - 1e-4 * N);
    else expect(found.grid).toBeNull();
  });
}

/** What is on the texture, too: premultiplied. */
