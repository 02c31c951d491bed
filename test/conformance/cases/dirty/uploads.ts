/** A GPU that is lost behind the upload: the caller's array is read again where it is what it was, and else refused. */
import { DeviceLostError } from '../../../../src/index.ts';
import { type ConformanceCase, check, equal, reasonOf, sameValues } from '../../case.ts';
import { upload } from '../bounds.ts';
import { blobs } from '../data.ts';
import { automatic } from '../devices.ts';
import { makeDirty } from './data.ts';

const points = blobs({ n: 2 ** 15 + 1, d: 2, seed: 111 });
const fit = {
  k: 3,
  init: [
    [0, 0],
    [5, 5],
    [-5, 5],
  ],
  maxIterations: 3,
};

/** What the caller does with its array behind the upload. */
const uses: Readonly<Record<string, ((data: Float32Array<ArrayBuffer>) => void) | null>> = {
  'as it was': null,
  'used again': (data) => data.reverse(),
  transferred: (data) => structuredClone(data.buffer, { transfer: [data.buffer] }),
};

const lost: readonly ConformanceCase[] = Object.entries(uses).map(([what, use]) => ({
  name: `dirty: a device is lost under auto, the array is ${what}`,
  only: 'webgpu',
  async run(context) {
    const device = await context.requestDevice!();
    const engine = await automatic(device);
    const data = Float32Array.from(points.data);
    const dataset = await engine.upload({ data, shape: [points.n, points.d] });
    equal(dataset.backend, 'webgpu', 'backend before');
    use?.(data);
    device.destroy();
    if (use === null) {
      const model = await engine.kmeans(dataset, fit);
      equal(model.backend, 'cpu', 'backend of the model');
      equal(model.reason, 'device-lost', 'reason of the model');
      const cpu = await engine.kmeans({ data, shape: [points.n, points.d] }, fit);
      sameValues(model.labels, cpu.labels, 'labels');
    } else {
      const error = await reasonOf(engine.kmeans(dataset, fit), 'the fit');
      check(error instanceof DeviceLostError, `rejected with ${String(error)}`);
      check(/array/.test(error.message), `the message does not tell of the array: ${error.message}`);
    }
    await engine.destroy();
  },
}));

/** Bursts a second apart, and one stamp that is missing: float32 has a step of 131 s there. */
const stamps = makeDirty({
  columns: ['bursts', 'coordinates'],
  ...{ n: 2 ** 15 + 1, groups: 4, k: 4, precision: 64, seed: 113 },
  dirt: [{ value: 0, place: 'cell' }],
});

export const uploads: readonly ConformanceCase[] = [
  ...lost,
  {
    name: 'dirty: auto takes the CPU where float32 makes numbers equal, and says why',
    only: 'webgpu',
    async run(context) {
      const engine = await automatic(await context.requestDevice!());
      equal(engine.info.reason, 'hardware', 'reason of the engine');
      const fine = await upload(engine, points);
      equal(`${fine.backend}, ${fine.reason}`, 'webgpu, hardware', 'where fine points are');
      check(
        fine.rounding.every((share) => share === 0),
        `rounding of fine points: ${fine.rounding.join()}`,
      );
      const small = await upload(engine, blobs({ n: 63, d: 2 }));
      equal(`${small.backend}, ${small.reason}`, 'cpu, small', 'where few points are');
      const coarse = await upload(engine, stamps);
      equal(`${coarse.backend}, ${coarse.reason}`, 'cpu, precision', 'where coarse points are');
      check(coarse.rounding[0] > 0.3 && coarse.rounding[1] <= 0.01, `rounding: ${coarse.rounding.join()}`);
      const model = await engine.kmeans(coarse, { k: 4, maxIterations: 2 });
      equal(`${model.backend}, ${model.reason}`, 'cpu, precision', 'where the model was fitted');
      await engine.destroy();
    },
  },
];
