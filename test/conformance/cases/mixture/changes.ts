/** Whether a label has changed between two E-steps at temperature 0: what fits there end by. */
import type { MixtureWorkspace } from '../../../../src/engine/contract.ts';
import type { Gaussians, GaussiansShape } from '../../../../src/engine/gaussians.ts';
import { type ConformanceCase, type ConformanceContext, equal } from '../../case.ts';
import type { CasePoints } from '../data.ts';
import { gaussiansAt, withDataset } from './workspace.ts';

/** Rows at −100 and 100 in turn, but for the first at 1, the last at −1, and others that are given. */
function rowsApart(n: number, d: number, others: readonly number[] = []): CasePoints {
  const data = new Float32Array(n * d);
  for (let i = 0; i < n; i++) data[i * d] = i % 2 === 0 ? -100 : 100;
  data[0] = 1;
  data[(n - 1) * d] = -1;
  for (const [i, x] of others.entries()) data[(n - 2 - i) * d] = x;
  return { data, n, d };
}

async function step(
  workspace: MixtureWorkspace,
  gaussians: Gaussians,
  what: string,
  changed: boolean,
  temperature = 0,
): Promise<void> {
  await workspace.accumulate(gaussians, temperature);
  equal(workspace.changed, changed, `changed, ${what}`);
}

async function checkChanges(context: ConformanceContext, shape: GaussiansShape, d: number): Promise<void> {
  const n = 2 * 4096 + 77;
  await withDataset(
    context,
    rowsApart(n, d),
    async (dataset) => {
      const at = (...places: number[]) => gaussiansAt(dataset, shape, places);
      const [middle, right, left] = [at(-100, 100), at(-100, 104), at(-104, 100)];
      const workspace = await dataset.mixture(2, shape);
      await step(workspace, middle, 'the first time', true);
      await step(workspace, middle, 'the same', false);
      await step(workspace, right, 'the first row', true);
      await step(workspace, right, 'no row', false);
      await workspace.moments?.(left);
      await step(workspace, right, 'behind moments about others', false);
      await step(workspace, middle, 'the first row, back', true);
      await step(workspace, left, 'the last row', true);
      await step(workspace, left, 'no row again', false);
      await step(workspace, left, 'at temperature 1', true, 1);
      await step(workspace, left, 'behind temperature 1', true);
      await step(workspace, left, 'at temperature 0 again', false);
      const other = await dataset.mixture(1, shape);
      await step(other, at(0), 'the first time, of one component', true);
      await step(other, at(1), 'of one component', false);
      await step(workspace, left, 'beside another workspace', false);
      for (const each of [workspace, other]) each.close();
    },
    { bindingRows: 4096 },
  );
}

/** Rows whose squares float32 does not reach, of which the wider component has all, and they alone. */
async function checkFarChanges(context: ConformanceContext, shape: GaussiansShape, d: number): Promise<void> {
  await withDataset(
    context,
    rowsApart(4096 + 77, d, [1e18, -1e18]),
    async (dataset) => {
      const of = (wider: number, narrowness: number) => {
        const factors = [0, 1].map((c) => (c === wider ? 0.999 : 1) * narrowness);
        return gaussiansAt(dataset, shape, [-100, 100], factors);
      };
      const workspace = await dataset.mixture(2, shape);
      await step(workspace, of(0, 1e3), 'the first time', true);
      await step(workspace, of(0, 1e3), 'the same far rows', false);
      await step(workspace, of(1, 1e3), 'far rows with another label', true);
      await step(workspace, of(1, 1e3), 'the same again', false);
      await step(workspace, of(1, 1e-3), 'far rows that are so no longer', false);
      await step(workspace, of(0, 1e-3), 'rows that were far', true);
      await step(workspace, of(1, 1e3), 'rows that become far', true);
      equal((await workspace.labels())[dataset.n - 2], 1, 'label of a far row');
      workspace.close();
    },
    { bindingRows: 4096 },
  );
}

/** Bytes of the buffers that are read meanwhile. */
async function bytesRead(device: GPUDevice, work: () => Promise<void>): Promise<number> {
  let bytes = 0;
  const { createBuffer } = device;
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer.call(device, descriptor);
    const mapAsync = buffer.mapAsync.bind(buffer);
    buffer.mapAsync = (mode, offset = 0, size = buffer.size - offset) => {
      bytes += size;
      return mapAsync(mode, offset, size);
    };
    return buffer;
  };
  try {
    await work();
  } finally {
    device.createBuffer = createBuffer;
  }
  return bytes;
}

async function bytesOfSteps(context: ConformanceContext, n: number, shape: GaussiansShape, d: number): Promise<number> {
  let bytes = NaN;
  await withDataset(
    context,
    rowsApart(n, d),
    async (dataset, device) => {
      const workspace = await dataset.mixture(2, shape);
      bytes = await bytesRead(device!, async () => {
        for (const place of [100, 100, 104]) await workspace.accumulate(gaussiansAt(dataset, shape, [-100, place]), 0);
      });
      workspace.close();
    },
    { bindingRows: 4096 },
  );
  return bytes;
}

/** Each of the kernels that find labels. */
const shapes: readonly (readonly [shape: GaussiansShape, d: number])[] = [
  ['own', 3],
  ['shared', 3],
  ['own', 6],
  ['axes', 3],
];

const farCase = (shape: GaussiansShape, d: number): ConformanceCase => ({
  name: `mixture: a far row's label that changes at temperature 0, ${shape}, d = ${d}`,
  run: (context) => checkFarChanges(context, shape, d),
});

export const changes: readonly ConformanceCase[] = shapes.flatMap(([shape, d]): ConformanceCase[] => [
  {
    name: `mixture: a label that changes at temperature 0, ${shape}, d = ${d}`,
    run: (context) => checkChanges(context, shape, d),
  },
  // Where components share U, none of them has the far rows.
  ...(shape === 'shared' ? [] : [farCase(shape, d)]),
  {
    name: `mixture: what is read of an E-step at temperature 0 does not grow with the rows, ${shape}, d = ${d}`,
    only: 'webgpu',
    async run(context) {
      equal(await bytesOfSteps(context, 4000, shape, d), await bytesOfSteps(context, 500, shape, d), 'bytes read');
    },
  },
]);
