import { type Lending, runCheck } from '../checks.ts';
import { DEVICES } from '../devices.ts';
import { LentDevice } from '../lent.ts';
import type { Neighbour } from '../neighbour.ts';

const NEIGHBOURS: Readonly<Record<string, () => Promise<{ open(): Promise<Neighbour> }>>> = {
  onnx: () => import('./onnx.ts'),
  tfjs: () => import('./tfjs.ts'),
  jax: () => import('./jax.ts'),
  luma: () => import('./luma.ts'),
};

/** Those of the README, which gpu.test.ts writes there. */
const EXAMPLES = import.meta.glob<void>('../dist/examples/*.ts');

let lending: Lending;

globalThis.lend = async (name) => {
  const { open } = await NEIGHBOURS[name]();
  const neighbour = await open();
  const rows = (await neighbour.rows()).slice();
  lending = { neighbour, rows, lent: new LentDevice(neighbour.device) };
};

globalThis.runNeighbourCheck = (name) => faultOf(runCheck(name, lending));
globalThis.runDeviceCheck = (name) => faultOf(DEVICES[name]());
globalThis.runExample = (name) => faultOf(EXAMPLES[`../dist/examples/${name}.ts`]());

function faultOf(checked: Promise<void>): Promise<string | null> {
  return checked.then(
    () => null,
    (error: Error) => error.stack ?? error.message,
  );
}
