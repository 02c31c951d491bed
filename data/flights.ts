/**
 * The flights: three million rows of vega-datasets, read from Parquet column by column.
 */
import { parquetScan } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

/** Standardised points [n, 3], row-major: (value − mean) / deviation of delay, distance and minute of the day. */
export interface Flights {
  readonly n: number;
  readonly points: Float32Array<ArrayBuffer>;
  /** In minutes, miles and minutes after midnight: [3]. */
  readonly mean: Float64Array;
  /** [3] */
  readonly deviation: Float64Array;
}

/** In the order of the points' features. */
const COLUMNS = ['delay', 'distance', 'date'];
const MINUTES_A_DAY = 1440;

/**
 * Reads `count` flights, evenly spread over the file flights-3m.parquet, or all of them.
 *
 * @throws {RangeError} where the file has not that many.
 */
export async function readFlights(
  file: ArrayBuffer,
  count: number | null,
  onProgress?: (fraction: number) => void,
): Promise<Flights> {
  const scan = await parquetScan({
    file,
    columns: COLUMNS,
    compressors,
    parsers: { timestampFromMicroseconds: (micros) => Number(micros / 60_000_000n) % MINUTES_A_DAY },
  });
  const total = Number(scan.metadata.num_rows);
  const n = count ?? total;
  if (!Number.isInteger(n) || n < 1 || n > total) {
    throw new RangeError(`points must be a whole number from 1 to ${total.toLocaleString('en')}`);
  }
  const values = new Int16Array(n * COLUMNS.length);
  let filled = 0;
  for (const range of scan.ranges) {
    const columns = await Promise.all(COLUMNS.map((column) => scan.readColumn({ column, ...range })));
    for (let row = rowOf(filled); row < range.rowEnd && filled < n; row = rowOf(++filled)) {
      for (let j = 0; j < columns.length; j++) {
        values[filled * columns.length + j] = Number(columns[j][row - range.rowStart]);
      }
    }
    onProgress?.(range.rowEnd / total);
  }
  return standardise(values, n);

  function rowOf(i: number): number {
    return Math.floor((i * total) / n);
  }
}

function standardise(values: Int16Array, n: number): Flights {
  const d = values.length / n;
  const mean = new Float64Array(d);
  const deviation = new Float64Array(d);
  for (let i = 0; i < values.length; i++) mean[i % d] += values[i] / n;
  for (let i = 0; i < values.length; i++) deviation[i % d] += (values[i] - mean[i % d]) ** 2 / n;
  // A feature that does not vary stays at 0.
  for (let j = 0; j < d; j++) deviation[j] = Math.sqrt(deviation[j]) || 1;
  const points = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) points[i] = (values[i] - mean[i % d]) / deviation[i % d];
  return { n, points, mean, deviation };
}
