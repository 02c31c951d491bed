/**
 * What a conformance case is. Cases run wherever an engine does, pages included: nothing here or in them may import
 * from Node or from a test runner.
 */
import type { Variant } from '../../src/gpu/plan.ts';
import type { Engine } from '../../src/index.ts';

export interface CaseEngineOptions {
  /** In bytes; forces several shards. */
  readonly bindingLimit?: number;
  /** WebGPU: how kernels are to go about it, whatever the adapter. */
  readonly variant?: Partial<Variant>;
}

export interface ConformanceContext {
  /** Of the engine and where it runs, for messages. */
  readonly name: string;
  readonly backend: 'cpu' | 'webgpu';
  /** An engine of `backend`; the runner destroys what the case leaves. */
  createEngine(options?: CaseEngineOptions): Promise<Engine>;
  /** WebGPU: a device to lend or to lose, another one at each call; its buffers are the runner's to destroy. */
  requestDevice?(): Promise<GPUDevice>;
  /** WebGPU: how many buffers of the engines' device are created and not destroyed. */
  liveBuffers?(): number;
}

export interface ConformanceCase {
  readonly name: string;
  /** The one backend that the case is about; both where absent. */
  readonly only?: 'cpu' | 'webgpu';
  run(context: ConformanceContext): Promise<void>;
}

export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** Holds for NaN nowhere. */
export function atMost(value: number, bound: number, what: string): void {
  check(value <= bound, `${what}: ${value} is over ${bound}`);
}

export function equal(actual: unknown, expected: unknown, what: string): void {
  check(Object.is(actual, expected), `${what}: got ${String(actual)}, expected ${String(expected)}`);
}

/** The same length and the same values, bit for bit. */
export function sameValues(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  equal(actual.length, expected.length, `${what}: length`);
  for (let i = 0; i < actual.length; i++) {
    if (!Object.is(actual[i], expected[i])) equal(actual[i], expected[i], `${what}[${i}]`);
  }
}

type Constructor = abstract new (...args: never[]) => unknown;

/** Rejects with an instance of `kind` whose message matches; returns what it rejected with. */
export async function rejects(
  promise: Promise<unknown>,
  kind: Constructor,
  message: RegExp,
  what: string,
): Promise<unknown> {
  const outcome = await reasonOf(promise, what);
  check(outcome instanceof kind, `${what}: rejected with ${String(outcome)}, expected a ${kind.name}`);
  check(message.test(String((outcome as Error).message)), `${what}: message "${String(outcome)}" is not ${message}`);
  return outcome;
}

/** What the promise rejects with. */
export async function reasonOf(promise: Promise<unknown>, what: string): Promise<unknown> {
  const settled = await promise.then(
    () => ({ rejected: false as const }),
    (reason: unknown) => ({ rejected: true as const, reason }),
  );
  check(settled.rejected, `${what}: did not reject`);
  return settled.reason;
}

/** The case with its engine created before and destroyed after. */
export function withEngine(
  name: string,
  run: (engine: Engine, context: ConformanceContext) => Promise<void>,
): ConformanceCase {
  return {
    name,
    async run(context) {
      const engine = await context.createEngine();
      try {
        await run(engine, context);
      } finally {
        await engine.destroy();
      }
    },
  };
}
