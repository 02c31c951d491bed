/** Flights of vega-datasets, read as the page reads them. */
import { readFile } from 'node:fs/promises';
import { type Flights, readFlights } from '../../data/flights.ts';

const FILE = new URL('../../node_modules/vega-datasets/data/flights-3m.parquet', import.meta.url);

/** Delay, distance and minute of the day of 20,000 flights, standardised: what mixture-flights.json is of. */
export async function goldenFlights(): Promise<Flights> {
  const bytes = new Uint8Array(await readFile(FILE));
  return readFlights(bytes.buffer, 20_000);
}
