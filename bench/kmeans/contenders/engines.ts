/** The engines of this package. */
import { createEngine, type Engine } from '../../../src/index.ts';
import { requestNodeDevice } from '../../../src/node/index.ts';
import type { Contender } from '../contender.ts';

export interface EngineContender extends Contender {
  readonly adapter: string;
  readonly software: boolean;
  readonly threads: number;
}

export async function openCpu(): Promise<EngineContender> {
  return contender(await createEngine({ backend: 'cpu' }), null, false);
}

/** @throws {Error} where there is no adapter, or a software one that was not asked for: the message says which. */
export async function openWebGpu(softwareToo: boolean): Promise<EngineContender> {
  const device = await requestNodeDevice();
  const software = await isSoftware(device);
  const engine = await createEngine({ backend: 'webgpu', device });
  if (!software || softwareToo) return contender(engine, device, software);
  device.destroy();
  throw new Error(`${engine.info.adapter} is a software adapter (--software takes it)`);
}

/** By the library's own rule: 'auto' leaves a software adapter for the CPU. */
async function isSoftware(device: GPUDevice): Promise<boolean> {
  const engine = await createEngine({ backend: 'auto', device });
  const software = engine.backend === 'cpu';
  await engine.destroy();
  return software;
}

function contender(engine: Engine, device: GPUDevice | null, software: boolean): EngineContender {
  const { adapter, threads } = engine.info;
  return {
    name: engine.backend,
    adapter,
    software,
    threads,
    async prepare({ data, n, d, k, start }) {
      const before = performance.now();
      const dataset = await engine.upload({ data, shape: [n, d] });
      await device?.queue.onSubmittedWorkDone();
      const uploadMs = performance.now() - before;
      const init = { data: start, shape: [k, d] as const };
      return {
        uploadMs,
        async fit(maxIterations) {
          const fitted = await engine.kmeans(dataset, { k, init, maxIterations, tolerance: 0 });
          const { centroids, iterations, inertia } = fitted;
          // The last assignment is a pass of its own: the same kernels sum there too.
          return { centroids, iterations, passes: iterations + 1, inertia };
        },
        release: () => dataset.destroy(),
      };
    },
    async close() {
      await engine.destroy();
      device?.destroy();
    },
  };
}
