import type { DevicePoints } from '../../src/index.ts';

/** Another library with a device of its own, and rows that it has computed there. */
export interface Neighbour {
  readonly device: GPUDevice;
  readonly points: DevicePoints;
  /** The rows [n, d] on the host, by its own means. */
  rows(): Promise<Float32Array>;
  /** Computes the rows anew, in other buffers, and brings them to the host. */
  again(): Promise<Float32Array>;
  /** What it reads in labels that are on its device; null where it has no way to take a buffer. */
  read(labels: GPUBuffer): Promise<ArrayLike<number>> | null;
}

/** Rows in four groups of different sizes, which whoever is asked computes from: n × WIDTH. */
export const N = 1003;
export const WIDTH = 6;

export function input(): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: N * WIDTH }, (_, at) => {
    const [i, j] = [Math.floor(at / WIDTH), at % WIDTH];
    const group = [0, 1, 2, 1, 3, 1, 2][i % 7];
    return 4 * ((group * (j + 1)) % 5) + ((at * 7919) % 1009) / 1009;
  });
}

/** What the page offers to whoever has opened it: null where something holds, else what is wrong. */
declare global {
  var lend: (name: string) => Promise<void>;
  var runNeighbourCheck: (name: string) => Promise<string | null>;
  var runDeviceCheck: (name: string) => Promise<string | null>;
  var runExample: (name: string) => Promise<string | null>;
}
