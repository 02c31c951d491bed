/** The conformance suite in a page: a test calls `runCase` for each case. */
import { cases } from './cases/index.ts';
import { webgpuRunner } from './runner.ts';

declare global {
  /** Null where the case passes, else what is wrong. */
  var runCase: (name: string) => Promise<string | null>;
}

const run = webgpuRunner(new URLSearchParams(location.search).get('name') ?? 'WebGPU in a page', async () => {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) throw new Error('this browser has no WebGPU adapter');
  return adapter.requestDevice();
});

globalThis.runCase = async (name) => {
  const found = cases.find((conformanceCase) => conformanceCase.name === name);
  if (found === undefined) return `the page has no case "${name}"`;
  return run(found).then(
    () => null,
    (error: Error) => error.message,
  );
};
