/** Palettes of photographs, beside the quantizers of node-vibrant and colorthief; in Node and in Chrome. */
import { interleave, median } from '../measure.ts';
import { formatTable, threeDigits } from '../table.ts';
import { GOALS, outcome } from './goals.ts';
import { chromeLauncher, PageServer } from './page-server.ts';
import { type PackageName, type PaletteCalls, paletteCalls } from './palette-calls.ts';
import script from './palette-page.ts?bundle';
import type { Findings, Setting } from './section.ts';

interface Case {
  readonly title: string;
  readonly by: PackageName;
  readonly width: number;
  readonly height: number;
  /** One pixel of so many. */
  readonly step: number;
  readonly k: number;
}

/** Both as the packages call them by default too: node-vibrant scales by a fifth, colorthief takes every tenth pixel. */
const CASES: readonly Case[] = [
  { title: '12 megapixels', by: 'node-vibrant', width: 4244, height: 2832, step: 1, k: 16 },
  { title: '12 megapixels, quality 5', by: 'node-vibrant', width: 848, height: 566, step: 1, k: 64 },
  { title: '12 megapixels, quality 10', by: 'colorthief', width: 4244, height: 2832, step: 10, k: 10 },
  { title: '640×427', by: 'node-vibrant', width: 640, height: 427, step: 1, k: 6 },
];

/** Of so many pixels the goal is. */
const MANY = 10_000_000;

type Which = keyof PaletteCalls;

/** Where calls run. */
interface Place {
  readonly name: string;
  prepare(by: PackageName, pixels: Uint8ClampedArray<ArrayBuffer>, k: number): Promise<void>;
  /** One call; the message to a page and back takes about a millisecond. */
  call(which: Which): unknown;
  close(): Promise<void>;
}

/** Null, and the reason told, where there is no Chrome. */
type OpenOrSay = <T>(name: string, open: () => Promise<T>) => Promise<T | null>;

export async function* palettes(setting: Setting, openOrSay: OpenOrSay): AsyncGenerator<Findings> {
  const { PHOTOGRAPHS, readPhotograph } = await import('../../test/golden/photographs.ts');
  const places = [inNode(), await openOrSay('Chrome', inChrome)].filter((place) => place !== null);
  try {
    for (const wanted of CASES) {
      for (const name of PHOTOGRAPHS) {
        const pixels = everyOf((await readPhotograph(name, wanted)).data, wanted.step);
        for (const place of places) {
          await place.prepare(wanted.by, pixels, wanted.k);
          yield await besideOwn(wanted, `${name}, ${wanted.title}`, pixels.length / 4, place, setting);
        }
      }
    }
  } finally {
    await Promise.all(places.map((place) => place.close()));
  }
}

function inNode(): Place {
  let calls: PaletteCalls;
  return {
    name: 'Node',
    prepare: async (...wanted) => {
      calls = paletteCalls(...wanted);
    },
    call: (which) => calls[which](),
    close: async () => undefined,
  };
}

async function inChrome(): Promise<Place> {
  const launch = await chromeLauncher();
  const server = new PageServer(script);
  const browser = await launch();
  const page = await browser.newPage();
  await page.goto(await server.address(false));
  return {
    name: 'Chrome',
    prepare: async (by, pixels, k) => {
      server.values = [pixels];
      await page.evaluate((...wanted) => palettePage.prepare(...wanted), by, k);
    },
    call: (which) => page.evaluate((asked) => palettePage.call(asked), which),
    close: async () => {
      await browser.close();
      server.close();
    },
  };
}

/** One pixel of so many. */
function everyOf(data: Uint8ClampedArray<ArrayBuffer>, step: number): Uint8ClampedArray<ArrayBuffer> {
  const words = new Uint32Array(data.buffer);
  return new Uint8ClampedArray(words.filter((_, i) => i % step === 0).buffer);
}

async function besideOwn({ by, k }: Case, on: string, n: number, place: Place, { runs }: Setting): Promise<Findings> {
  const tasks = (['before', 'after'] as const).map((which) => async () => place.call(which));
  for (const task of tasks) await task();
  const [before, after] = (await interleave(tasks, runs)).map(({ ms }) => ms);
  const rows = [
    [by, before],
    ['this library', after],
  ] as const;
  const table = formatTable(
    ['quantizer', 'ms, best', 'median'],
    rows.map(([name, ms]) => [name, threeDigits(Math.min(...ms)), threeDigits(median(ms))]),
  );
  console.log(`\n${on}: ${n} pixels, ${k} colours, ${place.name}\n${table}`);
  const name = `${on}, ${place.name}`;
  return {
    report: { photograph: on, n, k, package: by, place: place.name, before, after },
    outcomes: [
      outcome('palette, ms', name, Math.min(...after), n > MANY ? GOALS.palette : null),
      outcome(`palette / ${by}'s own`, name, Math.min(...after) / Math.min(...before)),
    ],
  };
}
