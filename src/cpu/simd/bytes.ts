/** Wide points: rows and centroids as bytes, for kernels that scan them first. */
import type { Steps } from '../../steps.ts';
import { rowsOfTurn } from '../../turns.ts';
import type { ClustersOptions } from '../clusters.ts';
import {
  BLOCK,
  BYTE_CENTROID_TERMS,
  BYTE_CENTROIDS,
  BYTE_REACH,
  BYTE_SCORES,
  BYTE_TERMS,
  BYTES,
  CENTROID_TERMS,
  EXACT_NORMS,
  MIDDLE,
  MOST,
  NOBODY,
  NORM,
  TERMS_OF_BLOCK,
  TWICE_LENGTH,
  TWICE_RESIDUAL,
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
    state.place(BYTE_CENTROIDS, padded * MIXED * Math.ceil(state.shard.d / MIXED));
    state.place(BYTE_CENTROID_TERMS, padded * CENTROID_TERMS);
    // Of each centroid, and of each four.
    state.place(BYTE_SCORES, (padded + padded / 4) * 4 * BLOCK);
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
      const most = mixed.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const unit = Math.fround(most / MOST);
      const to = this.#get(BYTE_CENTROIDS) + 4 * (c >> 2) * mixed.length + 4 * (c & 3);
      let square = 0;
      for (let j = 0; j < mixed.length; j++) {
        const value = mixed[j];
        const integer = unit < 1e-30 ? 0 : Math.max(-MOST, Math.min(MOST, Math.round(value / unit)));
        memory.u8[to + 16 * (j >> 2) + (j & 3)] = integer + MIDDLE;
        square += (value - integer * unit) ** 2;
      }
      const length = Math.sqrt(norm) * UP ** 8;
      const residual = Math.sqrt(square) * UP ** 8;
      const terms = this.#get(BYTE_CENTROID_TERMS) + CENTROID_TERMS * c;
      memory.f32[(terms + NORM) / 4] = norm;
      memory.f32[(terms + UNIT) / 4] = unit;
      memory.f32[(terms + TWICE_LENGTH) / 4] = 2 * length;
      memory.f32[(terms + TWICE_RESIDUAL) / 4] = 2 * residual;
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

/** The same for a centroid, in float64. */
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
