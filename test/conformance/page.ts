/** The conformance suite in a page: a test calls `runCase` for each case. */
import { createCpuEngine } from '../../src/cpu/engine.ts';
import { deviceFeatures } from '../../src/device-features.ts';
import { cases } from './cases/index.ts';
import { probe } from './probe.ts';
import { cpuRunner, type Runner, sharing, webgpuRunner } from './runner.ts';

declare global {
  /** Null where the case passes, else what is wrong. */
  var runCase: (name: string) => Promise<string | null>;
  /** On the CPU engine: what `probe` tells. */
  var runProbe: () => Promise<string>;
  /** On the CPU engine: `info.features`. */
  var featuresInUse: () => readonly string[];
  var destroyEngine: () => Promise<void>;
}

const parameters = new URLSearchParams(location.search);
const name = parameters.get('name') ?? 'a page';
const threads = Number(parameters.get('threads'));

const run = threads > 0 ? cpuInPage() : webgpuInPage();

function webgpuInPage(): Runner {
  return webgpuRunner(name, async () => {
    const adapter = await navigator.gpu?.requestAdapter();
    if (!adapter) throw new Error('this browser has no WebGPU adapter');
    return adapter.requestDevice({ requiredFeatures: deviceFeatures(adapter) });
  });
}

function cpuInPage(): Runner {
  // Few points are worth workers too.
  const workerUrl = parameters.get('workerUrl') ?? undefined;
  const engine = createCpuEngine({ threads, valuesOfThread: 1, workerUrl });
  const make = sharing(engine);
  globalThis.runProbe = () => probe(make());
  globalThis.featuresInUse = () => engine.info.features;
  globalThis.destroyEngine = () => engine.destroy() as Promise<void>;
  return cpuRunner(name, make);
}

globalThis.runCase = async (name) => {
  const found = cases.find((conformanceCase) => conformanceCase.name === name);
  if (found === undefined) return `the page has no case "${name}"`;
  return run(found).then(
    () => null,
    (error: Error) => error.message,
  );
};
