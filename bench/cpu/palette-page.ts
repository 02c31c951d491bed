/** What the benchmark of palettes asks a page for. */
import { type PackageName, type PaletteCalls, paletteCalls } from './palette-calls.ts';

let calls: PaletteCalls;

const page = {
  /** Fetches the pixels. */
  async prepare(by: PackageName, k: number): Promise<void> {
    calls = paletteCalls(by, new Uint8ClampedArray(await (await fetch('/values')).arrayBuffer()), k);
  },

  call(which: keyof PaletteCalls): void {
    calls[which]();
  },
};

declare global {
  var palettePage: typeof page;
}

globalThis.palettePage = page;
