import { Random } from '../src/random.ts';

export interface Blobs {
  readonly n: number;
  readonly d: number;
  readonly groups: number;
  readonly seed: number;
  /** Typical distance between two centres, in standard deviations; at 6 groups overlap: ten iterations settle nothing. */
  readonly separation?: number;
}

/** Normal groups of variance 1 about normal centres, rows in random order: [n, d], row-major. */
export function blobs({ n, d, groups, seed, separation = 6 }: Blobs): Float32Array<ArrayBuffer> {
  const random = new Random(seed);
  // Box and Muller 1958; the logarithm's argument lies in (0, 1].
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.uniform24())) * Math.cos(2 * Math.PI * random.uniform24());
  const spread = separation / Math.sqrt(2 * d);
  const centres = Float64Array.from({ length: groups * d }, () => spread * normal());
  const data = new Float32Array(n * d);
  for (let row = 0; row < data.length; row += d) {
    const centre = random.below(groups) * d;
    for (let j = 0; j < d; j++) data[row + j] = centres[centre + j] + normal();
  }
  return data;
}
