/** `npm run bench -- kernels DIR`: the text of every kernel as it is compiled, and what belongs to it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Binding, gridOf, type KernelSource } from '../../src/gpu/kernel.ts';
import { KERNEL_CASES } from './cases.ts';
import { kernelsOf } from './list.ts';

export const KERNELS_USAGE = `npm run bench -- kernels DIR
  DIR                        folder for the WGSL of every kernel and for kernels.json: constants, bindings, grids. Needs no GPU`;

export interface WrittenKernel {
  readonly name: string;
  readonly file: string;
  readonly constants: KernelSource['constants'];
  /** From binding 0 of group 0. */
  readonly bindings: Readonly<Record<string, 'uniform' | 'read' | 'write'>>;
  readonly threads: number;
  /** By the names of the cases: equal dispatches in a row are counted. */
  readonly grids: Record<string, readonly Grid[]>;
}

interface Grid {
  readonly workgroups: readonly [x: number, y: number];
  readonly times: number;
}

/** A file a kernel and set of constants, as people wrote it. */
export function writeKernels(args: readonly string[]): void {
  const [folder, ...others] = args;
  if (folder === undefined || folder.startsWith('-') || others.length > 0) {
    console.error(KERNELS_USAGE);
    process.exitCode = 2;
    return;
  }
  const { kernels, texts } = collectKernels();
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of texts) writeFileSync(join(folder, file), text);
  const cases = KERNEL_CASES.map(({ name, ...size }) => [name, size]);
  writeFileSync(
    join(folder, 'kernels.json'),
    `${JSON.stringify({ cases: Object.fromEntries(cases), kernels }, null, 2)}\n`,
  );
  console.log(`${texts.size} kernels in ${folder}`);
}

export function collectKernels(): { kernels: readonly WrittenKernel[]; texts: ReadonlyMap<string, string> } {
  const kernels = new Map<string, WrittenKernel>();
  const texts = new Map<string, string>();
  for (const problem of KERNEL_CASES) {
    for (const { source, grids } of kernelsOf(problem)) {
      const { name, constants, threads, code } = source;
      const file = `${[name, ...Object.entries(constants).map(([key, value]) => `${key}_${value}`)].join('-')}.wgsl`;
      texts.set(file, `${code}\n`);
      const bindings = Object.fromEntries(Object.entries(source.bindings).map(([key, value]) => [key, kindOf(value)]));
      const kernel = kernels.get(file) ?? { name, file, constants, bindings, threads, grids: {} };
      kernel.grids[problem.name] = counted(grids);
      kernels.set(file, kernel);
    }
  }
  return { kernels: [...kernels.values()], texts };
}

function kindOf(binding: Binding): 'uniform' | 'read' | 'write' {
  return typeof binding === 'string' ? binding : 'uniform';
}

function counted(grids: readonly number[]): Grid[] {
  const runs: { workgroups: [number, number]; times: number; total: number }[] = [];
  for (const total of grids) {
    const last = runs.at(-1);
    if (last?.total === total) last.times++;
    else runs.push({ workgroups: gridOf(total), times: 1, total });
  }
  return runs.map(({ workgroups, times }) => ({ workgroups, times }));
}
