/** The golden fits of scikit-learn and the points they are of. */
import breastCancer from './breast-cancer.json';
import blobPoints from './data/blobs.csv?raw';
import breastCancerPoints from './data/breast-cancer.csv?raw';
import digitsPoints from './data/digits.csv?raw';
import irisPoints from './data/iris.csv?raw';
import winePoints from './data/wine.csv?raw';
import digits from './digits.json';
import iris from './iris.json';
import wine from './wine.json';

export interface GoldenFit {
  readonly k: number;
  /** Initial centroids, float32 values: [k · d]. */
  readonly init: readonly number[];
  readonly tolerance: number;
  readonly weights: readonly number[] | null;
  /** [k · d] */
  readonly centroids: readonly number[];
  readonly labels: readonly number[];
  readonly inertia: number;
  readonly iterations: number;
}

export interface Golden {
  readonly name: string;
  /** [n, d], rounded to float32 as for the fits. */
  readonly data: Float32Array<ArrayBuffer>;
  readonly n: number;
  readonly d: number;
  readonly fits: readonly GoldenFit[];
}

type Stored = Omit<Golden, 'name' | 'data'>;

const commas = (line: string) => line.split(',').map(Number);
const pixels = (line: string) => Array.from(line, (digit) => Number.parseInt(digit, 17));

function golden(name: string, stored: Stored, points: string, parse: (line: string) => number[]): Golden {
  const { n, d, fits } = stored;
  return { name, n, d, fits, data: rowsOf(points, parse) };
}

function rowsOf(points: string, parse: (line: string) => number[]): Float32Array<ArrayBuffer> {
  return Float32Array.from(points.trim().split('\n').flatMap(parse));
}

/** Four groups, whose number is to be found. */
export const goldenBlobs = { name: 'blobs', data: rowsOf(blobPoints, commas), n: 240, d: 3 } as const;

export const goldens: readonly Golden[] = [
  golden('iris', iris, irisPoints, commas),
  golden('wine', wine, winePoints, commas),
  golden('digits', digits, digitsPoints, pixels),
  golden('breast cancer', breastCancer, breastCancerPoints, commas),
];
