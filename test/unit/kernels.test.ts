/** Kernels as they are described, beside their WGSL: what a driver would find, or worse would not. No adapter is needed. */
import { describe, expect, it, test } from 'vitest';
import { ResourceType, type VariableInfo, WgslReflect } from 'wgsl_reflect';
import { KERNEL_CASES } from '../../bench/kernels/cases.ts';
import { type KernelCase, kernelsOf } from '../../bench/kernels/list.ts';
import { collectKernels } from '../../bench/kernels/write.ts';
import { THREADS } from '../../src/gpu/device.ts';
import {
  type Binding,
  gridOf,
  type Kernel,
  type KernelDefinition,
  type KernelSource,
  type Subgroups,
  sourceOf,
} from '../../src/gpu/kernel.ts';
import * as kmeansKernels from '../../src/gpu/kernels/kmeans.ts';
import * as mixtureKernels from '../../src/gpu/kernels/mixture.ts';
import * as pointsKernels from '../../src/gpu/kernels/points.ts';
import * as seedingKernels from '../../src/gpu/kernels/seeding.ts';
import type { Load } from '../../src/gpu/resident-points.ts';
import { pack, packAll, type Struct, struct, type Uniform, unpack } from '../../src/gpu/struct.ts';

const { PART } = pointsKernels;
const { RULE, SHAPE, assignDirectKernel, sortKernel, statusKernel, sumsSortedKernel, updateKernel } = kmeansKernels;
const { TASK, matricesMomentsKernel } = mixtureKernels;
const { fieldExtendKernel, seedDrawKernel } = seedingKernels;

/** What each file of src/gpu/kernels exports. */
const FILES = Object.entries(
  import.meta.glob<Record<string, unknown>>('../../src/gpu/kernels/*.ts', { eager: true }),
).map(([path, module]) => ({ path, values: Object.values(module) }));
const EXPORTS = FILES.flatMap(({ values }) => values);
const DEFINITIONS = EXPORTS.filter(isDefinition);
const STRUCTS = EXPORTS.filter(isStruct);

/** As the kernels take it. */
const WGSL = Object.entries(
  import.meta.glob<string>('../../shaders/**/*.wgsl', { query: '?raw', import: 'default', eager: true }),
);

function isDefinition(value: unknown): value is KernelDefinition {
  return typeof value === 'object' && value !== null && 'grid' in value;
}

function isStruct(value: unknown): value is Struct {
  return typeof value === 'object' && value !== null && 'fields' in value;
}

/** Every branch of the planners: each width of tiles and lanes, few clusters and many, all loads, with weights and without. */
function* cases(): Generator<KernelCase> {
  const loads: readonly Load[] = [0, 1, 2];
  for (const load of loads) {
    for (const weighted of [false, true]) {
      const common = { name: '', load, weighted, metric: load === 2 ? 'cosine' : 'euclidean' } as const;
      for (const d of [1, 2, 3, 4, 5, 8, 16, 33, 40, 41, 64, 200, 300, 449, 450, 1000]) {
        for (const n of [1, 5000, 3_000_000]) {
          for (const k of [1, 3, 12, 32, 64, 65, 1000]) yield { ...common, n, d, k, gaussians: null };
          for (const gaussians of ['axes', 'own', 'shared'] as const) yield { ...common, n, d, k: 3, gaussians };
        }
      }
    }
  }
}

/** What planners produce, each text once. */
function sources(): KernelSource[] {
  const byCode = new Map<string, KernelSource>();
  for (const problem of [...KERNEL_CASES, ...cases()]) {
    for (const { source } of kernelsOf(problem)) byCode.set(source.code, source);
  }
  return [...byCode.values()];
}

function reflected(code: string): WgslReflect {
  // The parser takes these for keywords, as WGSL does not.
  return new WgslReflect(code.replaceAll(/(?<!<)\b(workgroup|block)\b/g, '$1_'));
}

/** What is wrong with a description, in words. */
function flawsOf({ code, bindings, constants, threads }: KernelSource, definition: KernelDefinition): string[] {
  const wgsl = reflected(code);
  const variables = wgsl.getBindGroups().flat();
  const given = Object.entries(bindings);
  const flaws: string[] = [];
  const expectSame = (what: string, described: unknown, written: unknown) => {
    const [a, b] = [JSON.stringify(described), JSON.stringify(written)];
    if (a !== b) flaws.push(`${what}: ${a} is described, ${b} is in the WGSL`);
  };
  expectSame('groups', 1, wgsl.getBindGroups().length);
  expectSame(
    'bindings',
    given.map(([name], binding) => `${binding} ${name}`),
    variables.map(({ binding, name }) => `${binding} ${name}`),
  );
  for (const [name, binding] of given) {
    const variable = variables.find((each) => each.name === name);
    if (variable === undefined) continue;
    expectSame(name, kindOf(binding), accessOf(variable));
    if (typeof binding !== 'string') expectSame(name, binding.name, variable.type.name);
  }
  for (const each of [...STRUCTS, ...given.map(([, binding]) => binding)]) {
    if (typeof each === 'string') continue;
    const written = wgsl.getStructInfo(each.name);
    if (written !== null) expectSame(each.name, layoutOf(each), writtenLayoutOf(written));
  }
  const [entry] = wgsl.entry.compute;
  expectSame('entry', ['main', [threads, 1, 1]], [entry.name, entry.workgroupSize]);
  const declared = [...code.matchAll(/\bconst (\w+)(?:: \w+)? = (.*);/g)];
  const enabled = code.match(/^enable .*$/gm) ?? [];
  const body = code
    .split('\n')
    .slice(enabled.length + Object.keys(constants).length)
    .join('\n')
    .replace(/\/\/.*/g, '');
  const used = new Set(body.match(/\b[A-Z][A-Z_]*\b/g));
  const names = new Set(declared.map(([, name]) => name));
  expectSame(
    'constants without use',
    [],
    Object.keys(constants).filter((name) => !used.has(name)),
  );
  expectSame(
    'constants without value',
    [],
    [...used].filter((name) => !names.has(name)),
  );
  for (const [name, value] of Object.entries(definition.own ?? {})) {
    expectSame(
      name,
      [`${value}u`],
      declared.filter(([, each]) => each === name).map(([, , text]) => text),
    );
  }
  return flaws;
}

function kindOf(binding: Binding): string {
  return typeof binding === 'string' ? binding : 'uniform';
}

function accessOf({ resourceType, access }: VariableInfo): string {
  if (resourceType === ResourceType.Uniform) return 'uniform';
  return access === 'read_write' ? 'write' : access;
}

/** Name, type and offset of each field, and the size of all. */
function layoutOf({ fields, bytes }: Struct): unknown {
  return [...Object.entries(fields).map(([name, type], i) => [name, type, 4 * i]), bytes];
}

function writtenLayoutOf({ members, size }: NonNullable<ReturnType<WgslReflect['getStructInfo']>>): unknown {
  return [...members.map(({ name, type, offset }) => [name, type.getTypeName(), offset]), size];
}

/** Of its texts: by memory, and by subgroups. */
function namesOf({ name, together }: KernelDefinition): string[] {
  return together === undefined ? [name] : [name, `${name}-subgroups`];
}

const ALL = sources();

describe('kernels are as they are described', () => {
  it.each(DEFINITIONS.map((definition) => [definition.name, definition] as const))('%s', (_, definition) => {
    const variants = namesOf(definition).map((each) => ALL.filter((source) => source.name === each));
    expect(variants.every(({ length }) => length > 0)).toBe(true);
    const sized = variants
      .flat()
      .flatMap(({ constants }) => ('WIDTH' in constants ? sourceOf(definition, constants, 32) : []));
    for (const source of [...variants.flat(), ...sized]) {
      expect(flawsOf(source, definition), JSON.stringify(source.constants)).toEqual([]);
    }
  });

  test('each has a name of its own, and all that planners ask for are among them', () => {
    const names = DEFINITIONS.flatMap(namesOf);
    expect(new Set(names).size).toBe(names.length);
    expect([...new Set(ALL.map(({ name }) => name))].sort()).toEqual(names.sort());
  });

  test('every struct is in the WGSL of some kernel', () => {
    const written = new Set(ALL.flatMap(({ code }) => [...code.matchAll(/^struct (\w+)/gm)].map(([, name]) => name)));
    expect(STRUCTS.filter(({ name }) => !written.has(name))).toEqual([]);
  });

  it.each(FILES.map(({ path, values }) => [path, values] as const))('%s: one name, one type', (_, values) => {
    const types = new Map<string, Set<string>>();
    for (const { name } of values.filter(isDefinition)) {
      const { code } = ALL.find((source) => source.name === name)!;
      for (const variable of reflected(code).getBindGroups().flat()) {
        // survey.wgsl reads the bits of points.
        if (name === 'survey' && variable.name === 'points') continue;
        // The same buffers, read by 16 bytes.
        if (name === 'assign-tiled-quads' && ['points', 'model'].includes(variable.name)) continue;
        const type = variable.type.getTypeName().replace(/atomic<(\w+)>/, '$1');
        types.set(variable.name, (types.get(variable.name) ?? new Set()).add(type));
      }
    }
    // The two structs of survey.ts differ by a field.
    types.delete('extent');
    expect([...types].filter(([, all]) => all.size > 1).map(([name, all]) => [name, ...all])).toEqual([]);
  });

  test('every implementation has room for them', () => {
    for (const { name, bindings, threads } of ALL) {
      const kinds = Object.values(bindings).map(kindOf);
      expect(kinds.filter((kind) => kind !== 'uniform').length, name).toBeLessThanOrEqual(8);
      expect(threads, name).toBeLessThanOrEqual(THREADS);
    }
  });
});

describe('a wrong description is seen', () => {
  const update: KernelDefinition = updateKernel;
  const status: KernelDefinition = statusKernel;
  const sums: KernelDefinition = sumsSortedKernel;
  const draw: KernelDefinition = seedDrawKernel;
  const { shape, ...buffers } = update.bindings;
  const cosine = { UNIT_CENTROIDS: true };
  const seeding = { LOAD: 0, WEIGHTED: false, L: 2 };
  const sorted = { LOAD: 0, WEIGHTED: false, LANES: 8, TOGETHER: 8 };
  const { k: _, ...withoutK } = SHAPE.fields;
  const flaws = (definition: KernelDefinition, constants: Readonly<Record<string, number | boolean>>) =>
    flawsOf(sourceOf(definition, constants), definition).join('\n');

  test.each<[string, KernelDefinition, Readonly<Record<string, number | boolean>>, string]>([
    ['an order', { ...update, bindings: { ...buffers, shape } }, cosine, 'bindings: '],
    ['two that change places', { ...update, bindings: { shape, model: 'write', ...buffers } }, cosine, 'bindings: '],
    ['a name', { ...update, bindings: { ...update.bindings, center: 'read' } }, cosine, '6 center'],
    ['an access', { ...update, bindings: { ...update.bindings, model: 'read' } }, cosine, 'model: "read" is'],
    [
      'a uniform that is none',
      { ...update, bindings: { ...update.bindings, shape: 'read' } },
      cosine,
      'shape: "read" is',
    ],
    ['a struct', { ...update, bindings: { ...update.bindings, shape: RULE } }, cosine, 'shape: "Rule" is'],
    ['fields that change places', withStruct({ d: 'u32', k: 'u32' }), cosine, 'Shape: [["d","u32",0]'],
    ['the type of a field', withStruct({ k: 'u32', d: 'f32' }), cosine, 'Shape: [["k","u32",0],["d","f32",4]'],
    ['a field too few', withStruct(withoutK), cosine, 'Shape: '],
    ['a field too many', withStruct({ ...SHAPE.fields, n: 'u32' }), cosine, 'Shape: '],
    ['a constant too few', { ...update, constants: {} }, {}, 'without value: [] is described, ["UNIT_CENTROIDS"]'],
    [
      'a constant too many',
      { ...status, constants: { LOG: 'u32', TY: 'u32' } },
      { LOG: 64, TY: 4 },
      'without use: [] is described, ["TY"]',
    ],
    ['threads', { ...sums, threads: () => 128 }, sorted, 'entry: '],
    ['a constant of its own', { ...draw, own: { SLICE: 512 } }, seeding, 'SLICE: ["512u"]'],
  ])('%s', (_, definition, constants, flaw) => {
    expect(flaws(definition, constants)).toContain(flaw);
  });

  function withStruct(fields: Readonly<Record<string, 'u32' | 'f32'>>): KernelDefinition {
    return { ...update, bindings: { ...update.bindings, shape: struct('Shape', fields) } };
  }
});

/** Seen by `npm run check`. */
test('a binding that is missing, unknown or of another struct does not compile', () => {
  const buffer = {} as GPUBuffer;
  const part = {} as Uniform<typeof PART>;
  const task = {} as Uniform<typeof TASK>;
  const bind = (kernel: Kernel<typeof fieldExtendKernel.bindings, 'rows'>) => {
    const rest = { points: buffer, adjust: buffer, weights: buffer, centroids: buffer, distances: buffer };
    kernel.bind({ ...rest, part, totals: buffer }, { rows: 1 });
    // @ts-expect-error totals are missing.
    kernel.bind({ ...rest, part }, { rows: 1 });
    // @ts-expect-error There is no total.
    kernel.bind({ ...rest, part, totals: buffer, total: buffer }, { rows: 1 });
    // @ts-expect-error A task is no part.
    kernel.bind({ ...rest, part: task, totals: buffer }, { rows: 1 });
    // @ts-expect-error A buffer of who knows what is no part.
    kernel.bind({ ...rest, part: buffer, totals: buffer }, { rows: 1 });
    // @ts-expect-error The grid depends on rows.
    kernel.bind({ ...rest, part, totals: buffer }, { slices: 1 });
  };
  const choose = () => {
    // @ts-expect-error FRESH is missing.
    sourceOf(fieldExtendKernel, { LOAD: 0, WEIGHTED: true, FINE: false });
    // @ts-expect-error There is no STALE.
    sourceOf(fieldExtendKernel, { LOAD: 0, WEIGHTED: true, FRESH: true, FINE: false, STALE: false });
    // @ts-expect-error A flag is no number.
    sourceOf(fieldExtendKernel, { LOAD: 0, WEIGHTED: 1, FRESH: true, FINE: false });
    // @ts-expect-error tolerance is missing.
    pack(RULE, { k: 1, d: 1, max_iterations: 1 });
  };
  expect([bind, choose].every((each) => typeof each === 'function')).toBe(true);
});

test('structs are packed by name, whatever the order, and read again', () => {
  const words = pack(RULE, { tolerance: 0.5, max_iterations: 2 ** 32 - 1, d: 3, k: 7 });
  expect([...words]).toEqual([7, 3, 2 ** 32 - 1, 0x3f000000]);
  const two = packAll(SHAPE, [
    { k: 1, d: 2 },
    { d: 4, k: 3 },
  ]);
  expect([...two]).toEqual([1, 2, 3, 4]);
  expect(unpack(SHAPE, two.buffer, SHAPE.bytes)).toEqual({ k: 3, d: 4 });
  expect(unpack(RULE, words.buffer, 0).tolerance).toBe(0.5);
});

test('subgroups, and their size, are asked for where kernels have a use for them', () => {
  const textOf = (definition: KernelDefinition, subgroups: Subgroups) =>
    sourceOf(definition, { UNIT_CENTROIDS: false, LOAD: 0, D: 3, BITS: 9 }, subgroups).code;
  const heads = (definition: KernelDefinition) =>
    [null, 0, 32].map((subgroups) => {
      const code = textOf(definition, subgroups);
      return [
        /^(enable .*\n)*/.exec(code)![0],
        /const WIDTH = (.*);/.exec(code)?.[1],
        /@subgroup_size.*? /.exec(code)?.[0],
      ];
    });
  const [memory, any] = [
    ['', undefined, undefined],
    ['enable subgroups;\n', undefined, undefined],
  ];
  const both = 'enable subgroups;\nenable subgroup_size_control;\n';
  expect(heads(updateKernel)).toEqual([memory, [any[0], '0u', undefined], [both, '32u', '@subgroup_size(32) ']]);
  expect(heads(assignDirectKernel)).toEqual([memory, any, any]);
  expect(heads(sortKernel)).toEqual([memory, memory, memory]);
});

test('grids cover all workgroups, and their wrapped rows too', () => {
  const { workgroups } = sourceOf(sumsSortedKernel, { LOAD: 0, WEIGHTED: false, LANES: 16, TOGETHER: 8 });
  expect(workgroups({ groups: 3, k: 9 })).toBe(15);
  const wide = { LOAD: 0, SIDE: 16, BLOCKS: 256, GROUPS: 1, RUN: 28 };
  const moments = (SHARED: boolean) =>
    sourceOf(matricesMomentsKernel, { ...wide, SHARED }).workgroups({ slices: 5, k: 3, d: 129 });
  expect([moments(false), moments(true)]).toEqual([5 * 3 * 6, 5 * 6]);
  for (const count of [1, 65_535, 65_536, 131_071, 10_000_000]) {
    const [columns, rows] = gridOf(count);
    expect(columns).toBeLessThanOrEqual(65_535);
    expect(columns * rows).toBeGreaterThanOrEqual(count);
    expect(columns * rows - count).toBeLessThan(rows);
  }
});

test('bench -- kernels writes every kernel, and no WGSL is without one', () => {
  const { kernels, texts } = collectKernels();
  expect(new Set(kernels.map(({ name }) => name)).size).toBe(DEFINITIONS.flatMap(namesOf).length);
  expect([...texts.keys()].sort()).toEqual(kernels.map(({ file }) => file).sort());
  const all = [...texts.values()].join('\n');
  expect(WGSL.length).toBeGreaterThan(30);
  expect(WGSL.filter(([, text]) => !all.includes(text)).map(([path]) => path)).toEqual([]);
  for (const { file, grids, bindings } of kernels) {
    const dispatches = Object.values(grids).flat();
    expect(dispatches.length, file).toBeGreaterThan(0);
    expect(
      dispatches.every(({ workgroups: [x, y], times }) => x > 0 && y > 0 && times > 0),
      file,
    ).toBe(true);
    expect(texts.get(file)!.match(/@binding\(\d+\) var<[^>]+> \w+/g)!.length, file).toBe(Object.keys(bindings).length);
  }
});
