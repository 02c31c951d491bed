/** The engines of this package. */
import { engineOf } from '../src/api/create-engine.ts';
import { createCpuEngine } from '../src/cpu/engine.ts';
import { createEngine, type Dataset, type Engine } from '../src/index.ts';
import { requestNodeDevice } from '../src/node/index.ts';
import { EngineSet } from '../src/placement.ts';
import { onThreads } from './contender.ts';

export const ENGINES = ['cpu', 'webgpu'];

export interface OpenEngine {
  readonly engine: Engine;
  readonly name: string;
  /** The adapter; empty on the CPU. */
  readonly about: string;
  readonly software: boolean;
  readonly threads: number;
  /** Points [n, d], and the milliseconds until they were there. */
  upload(data: Float32Array, n: number, d: number): Promise<{ readonly dataset: Dataset; readonly uploadMs: number }>;
  close(): Promise<void>;
}

/** @throws {Error} where there is no adapter, or a software one that was not asked for: the message says which. */
export async function openEngine(name: string, softwareToo: boolean): Promise<OpenEngine> {
  if (name === 'cpu') return opened(await createEngine({ backend: 'cpu' }), null, false);
  const device = await requestNodeDevice();
  const software = await isSoftware(device);
  const engine = await createEngine({ backend: 'webgpu', device });
  if (!software || softwareToo) return opened(engine, device, software);
  device.destroy();
  throw new Error(`${engine.info.adapter} is a software adapter (--software takes it)`);
}

/** The CPU on so many threads, which its name tells. */
export async function openCpu(threads: number): Promise<OpenEngine> {
  const engine = await createEngine({ backend: 'cpu', threads });
  return { ...opened(engine, null, false), name: onThreads('cpu', threads), threads };
}

/** The same without relaxed SIMD: wide points are scanned as integers of 16 bits. */
export function openCpuOfWords(threads: number): OpenEngine {
  const engine = engineOf(new EngineSet('cpu', createCpuEngine({ threads, relaxed: false }), null));
  return { ...opened(engine, null, false), name: onThreads('cpu, 16 bits', threads), threads };
}

/** By the library's own rule: 'auto' leaves a software adapter for the CPU. */
async function isSoftware(device: GPUDevice): Promise<boolean> {
  const engine = await createEngine({ backend: 'auto', device });
  const software = engine.backend === 'cpu';
  await engine.destroy();
  return software;
}

function opened(engine: Engine, device: GPUDevice | null, software: boolean): OpenEngine {
  const { adapter, threads } = engine.info;
  return {
    engine,
    name: engine.backend,
    about: adapter,
    software,
    threads,
    async upload(data, n, d) {
      const before = performance.now();
      const dataset = await engine.upload({ data, shape: [n, d] });
      await device?.queue.onSubmittedWorkDone();
      return { dataset, uploadMs: performance.now() - before };
    },
    async close() {
      await engine.destroy();
      device?.destroy();
    },
  };
}
