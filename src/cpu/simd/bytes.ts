/** Wide points: rows and centroids as bytes, for kernels that scan them first. */
import type { Steps } from '../../steps.ts';
import { rowsOfTurn } from '../../turns.ts';
import type { ClustersOptions } from '../clusters.ts';
import {
  BLOCK,
  BYTE_CANDIDATES,
  BYTE_CENTROID_TERMS,
  BYTE_CENTROIDS,
  BYTE_LEASTS,
  BYTE_REACH,
  BYTE_RESTS,
  BYTE_SCORES,
  BYTE_TERMS,
  BYTES,
  CENTROID_TERMS,
  EXACT_NORMS,
  MIDDLE,
  MOST,
  MOST_OPEN,
  NOBODY,
  NORM,
  OPEN_TERMS,
  REST_TERMS,
  REST_TWICE_LENGTH,
  REST_UNIT,
  TERMS_OF_BLOCK,
  TWICE_GAIN,
  TWICE_LENGTH,
  TWICE_RESIDUAL,
  TWICE_REST,
  UNIT,
} from '../kernels/kmeans/layout.ts';
import type { Shard } from '../shard.ts';
import { type ByteScan, LONGEST_SCANNED, SimdClusters, type StateOf, UP } from './clusters.ts';
import type { RelaxedKernels } from './kernels.ts';
import { Patience } from './patience.ts';

/** From which on bytes are tried before integers of 16 bits. */
const FEATURES_FOR_BYTES = 64;
const CENTROIDS_FOR_BYTES = 32;
/** Beyond, sums of products could leave 32 bits. */
const MOST_FEATURES_OF_BYTES = 2 ** 17;
/** Candidates of a row, as a share of the centroids, from which on bytes cost more than they save. */
const MOST_CANDIDATES = 1 / 16;

/** Features that are mixed: see `mix` of kernels/kmeans/bytes.ts. */
const MIXED = 16;

export class RelaxedClusters extends SimdClusters {
  constructor(shard: Shard, kernels: RelaxedKernels, options: ClustersOptions) {
    const { d } = shard;
    const isWide = d >= FEATURES_FOR_BYTES && d <= MOST_FEATURES_OF_BYTES && options.k >= CENTROIDS_FOR_BYTES;
    super(shard, kernels, options, isWide ? (state) => new RelaxedScan(state, kernels) : undefined);
  }
}

class RelaxedScan implements ByteScan {
  readonly #state: StateOf;
  readonly #kernels: RelaxedKernels;
  #hasRoom = true;
  readonly #patience = new Patience();

  constructor(state: StateOf, kernels: RelaxedKernels) {
    this.#state = state;
    this.#kernels = kernels;
    const padded = 4 * Math.ceil(state.k / 4);
    const width = MIXED * Math.ceil(state.shard.d / MIXED);
    state.place(BYTE_CENTROIDS, padded * width);
    state.place(BYTE_RESTS, state.k * (width + REST_TERMS));
    state.place(BYTE_CENTROID_TERMS, padded * CENTROID_TERMS);
    // Of each centroid, and of each four.
    state.place(BYTE_SCORES, (padded + padded / 4) * 4 * BLOCK);
    state.place(BYTE_CANDIDATES, MOST_OPEN * (OPEN_TERMS + 4 * padded));
    // Behind them the fours that they are in.
    state.place(BYTE_LEASTS, 4 * (padded + padded / 4));
  }

  *open(centroids: Float64Array): Steps<boolean> {
    return this.#patience.isOver() && this.#hasRoom && (yield* this.#place(centroids));
  }

  /** Not where too many candidates are left. */
  decide(scanned: number, candidates: number): void {
    if (candidates > MOST_CANDIDATES * scanned * this.#state.k) this.#patience.lose();
  }

  /** Rows, where they are not yet, and centroids as bytes; false where these are too long, or have no room. */
  *#place(centroids: Float64Array): Steps<boolean> {
    const { k } = this.#state;
    const { d, memory } = this.#state.shard;
    const exactNorms = this.#get(EXACT_NORMS) / 8;
    for (let c = 0; c < k; c++) if (!(memory.f64[exactNorms + c] <= LONGEST_SCANNED ** 2)) return false;
    if (!(yield* this.#quantiseRows())) return false;
    const mixed = new Float64Array(MIXED * Math.ceil(d / MIXED));
    const pause = rowsOfTurn(4 * d);
    let reach = 0;
    for (let c = 0; c < k; c++) {
      if (c % pause === pause - 1) yield;
      const norm = memory.f64[exactNorms + c];
      mixed.fill(0).set(centroids.subarray(c * d, (c + 1) * d));
      mix(mixed);
      const unit = toBytes(mixed, memory.u8, this.#get(BYTE_CENTROIDS) + 4 * (c >> 2) * mixed.length + 4 * (c & 3), 16);
      const residual = lengthOf(mixed);
      const rest = this.#get(BYTE_RESTS) + (mixed.length + REST_TERMS) * c;
      const restUnit = toBytes(mixed, memory.u8, rest, 4);
      const length = Math.sqrt(norm) * UP ** 8;
      const twiceRest = 2 * lengthOf(mixed);
      const terms = this.#get(BYTE_CENTROID_TERMS) + CENTROID_TERMS * c;
      const { f32 } = memory;
      f32[(terms + NORM) / 4] = norm;
      f32[(terms + UNIT) / 4] = unit;
      f32[(terms + TWICE_LENGTH) / 4] = 2 * length;
      f32[(terms + TWICE_RESIDUAL) / 4] = 2 * residual;
      const restTerms = rest + mixed.length;
      f32[(restTerms + REST_UNIT) / 4] = restUnit;
      f32[(restTerms + TWICE_GAIN) / 4] = 2 * residual - twiceRest;
      f32[(restTerms + REST_TWICE_LENGTH) / 4] = 2 * length;
      f32[(restTerms + TWICE_REST) / 4] = twiceRest;
      reach = Math.max(reach, length + residual);
    }
    for (let c = k; c < 4 * Math.ceil(k / 4); c++) {
      memory.f32[(this.#get(BYTE_CENTROID_TERMS) + CENTROID_TERMS * c + NORM) / 4] = NOBODY;
    }
    memory.f32[this.#state.at(BYTE_REACH)] = reach * UP;
    return true;
  }

  /** Rows as bytes beside the shard's own: the next who assigns them has them there. */
  *#quantiseRows(): Steps<boolean> {
    const { n, d, memory } = this.#state.shard;
    const blocks = Math.ceil(n / BLOCK);
    try {
      this.#state.shard.quantised ??= memory.allOrNothing(() => {
        const bytesAt = memory.allocate(blocks * BLOCK * MIXED * Math.ceil(d / MIXED));
        return { bytesAt, termsAt: memory.allocate(blocks * TERMS_OF_BLOCK), ready: 0 };
      });
    } catch {
      this.#hasRoom = false;
      return false;
    }
    const { quantised } = this.#state.shard;
    this.#set(BYTES, quantised.bytesAt);
    this.#set(BYTE_TERMS, quantised.termsAt);
    const rows = rowsOfTurn(d);
    while (quantised.ready < n) {
      const end = Math.min(n, quantised.ready + rows);
      this.#kernels.quantise(4 * this.#state.at(0), quantised.ready, end);
      quantised.ready = end;
      yield;
    }
    return true;
  }

  #get(field: number): number {
    return this.#state.shard.memory.u32[this.#state.at(field)];
  }

  #set(field: number, value: number): void {
    this.#state.shard.memory.u32[this.#state.at(field)] = value;
  }
}

/**
 * Writes values as integers of seven bits, and leaves of the values what these miss.
 *
 * @param step bytes from four of them to the next four
 * @returns the unit of the integers
 */
function toBytes(values: Float64Array, bytes: Uint8Array, to: number, step: number): number {
  let most = 0;
  for (let j = 0; j < values.length; j++) most = Math.max(most, Math.abs(values[j]));
  const unit = Math.fround(most / MOST);
  for (let j = 0; j < values.length; j++) {
    const integer = unit < 1e-30 ? 0 : Math.max(-MOST, Math.min(MOST, Math.round(values[j] / unit)));
    bytes[to + step * (j >> 2) + (j & 3)] = integer + MIDDLE;
    values[j] -= integer * unit;
  }
  return unit;
}

/** At least, in float32 too. */
function lengthOf(values: Float64Array): number {
  let square = 0;
  for (let j = 0; j < values.length; j++) square += values[j] ** 2;
  return Math.sqrt(square) * UP ** 8;
}

/** What `mix` of kernels/kmeans/bytes.ts does, in float64. */
function mix(values: Float64Array): void {
  const quarter = values.length / 4;
  for (let at = 0; at < values.length; at += quarter) blend(values, at, quarter / 4);
  blend(values, 0, quarter);
}

function blend(values: Float64Array, from: number, count: number): void {
  for (let at = from; at < from + count; at++) {
    const [a, b, c, e] = [values[at], values[at + count], values[at + 2 * count], values[at + 3 * count]];
    values[at] = (a + b + (c + e)) / 2;
    values[at + count] = (a - b + (c - e)) / 2;
    values[at + 2 * count] = (a + b - (c + e)) / 2;
    values[at + 3 * count] = (a - b - (c - e)) / 2;
  }
}
