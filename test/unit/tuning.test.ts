/** What is known of variants, read and looked up: without a GPU. */
import { describe, expect, it } from 'vitest';
import { Gpu } from '../../src/gpu/device.ts';
import { DEEP_BYTES, VARIANT_VALUES, type Variant, variantFor, variantsFor } from '../../src/gpu/plan.ts';
import type { Choice } from '../../src/gpu/tuned.ts';
import { readTuning } from '../../src/gpu/tuning.ts';
import { createEngine } from '../../src/index.ts';

/** As much of a device as is asked for before there are points. */
function gpuOf(names: object, tuning?: unknown, forced: Partial<Variant> = {}): Gpu {
  const limits = { maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 27 };
  const device = { lost: new Promise(() => {}), limits, features: new Set(), adapterInfo: names };
  const given = tuning === undefined ? undefined : readTuning(tuning);
  return new Gpu(device as unknown as GPUDevice, false, undefined, forced, given);
}

/** Another adapter for each test: what is timed is remembered by its names. */
let adapters = 0;
const namesOf = () => ({ vendor: 'vendor', architecture: 'architecture', description: `number ${++adapters}` });

const jsonOf = (adapter: object, choices: readonly object[]) => ({ version: 1, adapter, choices });
const choiceOf = (d: number, k: number, tile: Variant['tile']): Choice => {
  const variant = { ...variantFor(d, { vendor: '', architecture: '' }), tile };
  return { d, k, variant, milliseconds: [{ variant, best: 2.5 }] };
};
const tileOf = (gpu: Gpu, d: number, k: number) => gpu.variantFor(d, k).tile;

it('variants are all that fields may be together: direct up to 4 features', () => {
  const adapter = { vendor: '', architecture: '' };
  const tiles = (d: number) => [...new Set(variantsFor(d, adapter).map(({ tile }) => tile))];
  expect(tiles(1)).toEqual(['direct', 'short', 'tall', 'deep']);
  expect(tiles(4)).toEqual(['direct', 'short', 'tall', 'deep']);
  expect(tiles(5)).toEqual(['short', 'tall', 'deep']);
  for (const vendor of ['', 'intel', 'amd', 'nvidia', 'apple']) {
    for (const d of [1, 4, 5, 384]) {
      const variants = variantsFor(d, { vendor, architecture: '' });
      expect(variants, `${vendor}, ${d}`).toContainEqual(variantFor(d, { vendor, architecture: '' }));
      for (const variant of variants) expect(Object.keys(variant)).toEqual(Object.keys(VARIANT_VALUES));
      expect(new Set(variants.map((variant) => JSON.stringify(variant))).size).toBe(variants.length);
    }
  }
});

describe('what is looked up', () => {
  it('the same d, and the nearest k between the half and the double', () => {
    const adapter = namesOf();
    const choices = [choiceOf(3, 10, 'tall'), choiceOf(3, 30, 'short'), choiceOf(7, 10, 'tall')];
    const gpu = gpuOf(adapter, jsonOf(adapter, choices));
    const ks = [4, 5, 10, 17, 18, 20, 30, 60, 61];
    expect(ks.map((k) => tileOf(gpu, 3, k))).toEqual([
      ...['direct', 'tall', 'tall', 'tall', 'short', 'short', 'short', 'short', 'direct'],
    ]);
    expect([tileOf(gpu, 4, 10), tileOf(gpu, 7, 10), tileOf(gpu, 8, 10)]).toEqual(['direct', 'tall', 'short']);
  });

  it('only of this adapter', () => {
    const adapter = namesOf();
    for (const name of ['vendor', 'architecture', 'description']) {
      const gpu = gpuOf(adapter, jsonOf({ ...adapter, [name]: 'another' }, [choiceOf(3, 10, 'tall')]));
      expect(tileOf(gpu, 3, 10), name).toBe('direct');
      expect(gpu.tuned.choices).toEqual([]);
    }
  });

  it('a browser that names nothing is an adapter as well', () => {
    const nameless = { vendor: '', architecture: '', description: '' };
    expect(tileOf(gpuOf({}, jsonOf(nameless, [choiceOf(3, 10, 'tall')])), 3, 10)).toBe('tall');
  });

  it('what a test forces goes before what was tuned', () => {
    const adapter = namesOf();
    const json = jsonOf(adapter, [choiceOf(3, 10, 'tall')]);
    expect(tileOf(gpuOf(adapter, json, { tile: 'short' }), 3, 10)).toBe('short');
  });

  it('what no kernel does is as if it were not there', () => {
    const adapter = namesOf();
    expect(tileOf(gpuOf(adapter, jsonOf(adapter, [choiceOf(5, 10, 'direct')])), 5, 10)).toBe('short');
  });

  it('fields that are missing are as usual, and unknown ones nothing', () => {
    const adapter = namesOf();
    const gpu = gpuOf(adapter, jsonOf(adapter, [{ d: 3, k: 10, variant: { width: 7 } }]));
    expect(gpu.variantFor(3, 10)).toEqual(gpu.tuned.usual(3));
    expect(gpu.tuned.choices).toEqual([{ d: 3, k: 10, variant: gpu.tuned.usual(3), milliseconds: [] }]);
  });
});

describe('what was timed', () => {
  it('is known to all engines on such an adapter, and what one was given goes before', () => {
    const adapter = namesOf();
    const [here, there, elsewhere] = [gpuOf(adapter), gpuOf({ ...adapter }), gpuOf(namesOf())];
    const given = gpuOf(adapter, jsonOf(adapter, [choiceOf(3, 10, 'short'), choiceOf(9, 4, 'tall')]));
    here.tuned.remember(choiceOf(3, 10, 'tall'));
    expect([here, there, elsewhere, given].map((gpu) => tileOf(gpu, 3, 10))).toEqual([
      ...['tall', 'tall', 'direct', 'short'],
    ]);
    expect(there.tuned.choices).toEqual([choiceOf(3, 10, 'tall')]);
    expect(given.tuned.choices).toEqual([choiceOf(3, 10, 'short'), choiceOf(9, 4, 'tall')]);
    // Unless that engine has timed it anew.
    given.tuned.remember(choiceOf(3, 10, 'direct'));
    expect([here, there, given].map((gpu) => tileOf(gpu, 3, 10))).toEqual(['direct', 'direct', 'direct']);
    expect(given.tuned.choices).toEqual([choiceOf(3, 10, 'direct'), choiceOf(9, 4, 'tall')]);
  });

  it('has one choice a shape, the last', () => {
    const adapter = namesOf();
    const gpu = gpuOf(adapter);
    gpu.tuned.remember(choiceOf(6, 10, 'tall'));
    gpu.tuned.remember(choiceOf(6, 10, 'short'));
    expect(gpu.tuned.choices).toEqual([choiceOf(6, 10, 'short')]);
  });
});

describe('what is refused', () => {
  const adapter = { vendor: 'v', architecture: 'a', description: 'd' };
  const choice = { d: 3, k: 8, variant: { tile: 'tall' }, milliseconds: [{ variant: { tile: 'tall' }, best: 1 }] };
  const good = { version: 1, adapter, choices: [choice] };
  const withChoice = (changed: object) => ({ ...good, choices: [choice, { ...choice, ...changed }] });
  const rows: readonly (readonly [name: string, json: unknown, kind: typeof TypeError | typeof RangeError])[] = [
    ['tuning', 7, TypeError],
    ['tuning', 'text', TypeError],
    ['tuning.version', {}, TypeError],
    ['tuning.version', [], TypeError],
    ['tuning.version', { ...good, version: 2 }, RangeError],
    ['tuning.version', { ...good, version: '1' }, TypeError],
    ['tuning.adapter', { ...good, adapter: undefined }, TypeError],
    ['tuning.adapter.vendor', { ...good, adapter: {} }, TypeError],
    ['tuning.adapter.description', { ...good, adapter: { ...adapter, description: 5 } }, TypeError],
    ['tuning.choices', { ...good, choices: undefined }, TypeError],
    ['tuning.choices', { ...good, choices: { length: 1 } }, TypeError],
    ['tuning.choices[0]', { ...good, choices: [null] }, TypeError],
    ['tuning.choices[0]', { ...good, choices: new Array(2) }, TypeError],
    ['tuning.choices[1].d', withChoice({ d: 0 }), RangeError],
    ['tuning.choices[1].k', withChoice({ k: 2.5 }), RangeError],
    ['tuning.choices[1].k', withChoice({ k: '8' }), TypeError],
    ['tuning.choices[1].variant', withChoice({ variant: 'tall' }), TypeError],
    ['tuning.choices[1].variant.tile', withChoice({ variant: { tile: 'wide' } }), RangeError],
    ['tuning.choices[1].variant.tile', withChoice({ variant: { tile: null } }), TypeError],
    ['tuning.choices[1].milliseconds', withChoice({ milliseconds: 3 }), TypeError],
    ['tuning.choices[1].milliseconds[0].variant', withChoice({ milliseconds: [{ best: 3 }] }), TypeError],
    ['tuning.choices[1].milliseconds[0].best', withChoice({ milliseconds: [{ variant: {}, best: -1 }] }), RangeError],
  ];
  it.each(rows)('%s of %j', async (name, tuning, kind) => {
    const refusal = createEngine({ backend: 'cpu', tuning: tuning as never });
    await expect(refusal).rejects.toBeInstanceOf(kind);
    await expect(refusal).rejects.toThrow(new RegExp(`^${name.replace(/[.[\]]/g, '\\$&')} (must|is)`));
  });

  it('and what is not', async () => {
    const engine = await createEngine({ backend: 'cpu', tuning: good });
    await engine.destroy();
    const { milliseconds: _, ...short } = choice;
    expect(readTuning({ ...good, choices: [short], more: 1 }).choices).toEqual([{ ...short, milliseconds: [] }]);
    expect(readTuning(new Proxy(good, {}))).toEqual(good);
  });
});

it('a deep tile is a tall one on a device without memory for it, whose filters are tuned all the same', async () => {
  const gpuWith = (maxComputeWorkgroupStorageSize: number) =>
    Object.assign(Object.create(Gpu.prototype) as Gpu, { device: { limits: { maxComputeWorkgroupStorageSize } } });
  const small = gpuWith(16384);
  expect([small.fitting('deep'), small.fitting('tall'), small.fitting('short')]).toEqual(['tall', 'tall', 'short']);
  expect(gpuWith(DEEP_BYTES).fitting('deep')).toBe('deep');
  const wanted: Variant = { tile: 'deep', filter: 'none', subgroups: false };
  expect(await Object.assign(small, { subgroupsOf: () => null }).able(wanted, 64)).toEqual(wanted);
});
