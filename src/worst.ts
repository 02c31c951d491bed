import type { ClusteringEngine, EngineDataset } from './engine.ts';
import { resultOf, type Steps } from './steps.ts';

/** A row of a dataset, in its frame: [d]. */
export interface Row {
  readonly index: number;
  readonly values: Float64Array;
}

/**
 * At most `wanted` rows of the highest scores [n], distinct by value, equal scores in index order: what models that
 * fit them badly are restarted from. −Infinity is the score of rows that must not be taken, and `accepts` looks at all
 * others first.
 */
export function* worstRows(
  engine: ClusteringEngine,
  dataset: EngineDataset,
  scores: Float32Array | Float64Array,
  wanted: number,
  accepts: (row: number, values: Float64Array) => boolean = () => true,
): Steps<Row[]> {
  const { d } = dataset;
  const ascending = scores.slice().sort();
  const seen = new Set<string>();
  const taken: Row[] = [];
  // Rows of one value have one score, and few rows are usually needed: read ahead, more at each try.
  for (let from = 0, upTo = 4 * wanted; taken.length < wanted; from = upTo, upTo *= 4) {
    const indices = highest(scores, ascending, upTo).subarray(from);
    const rows = yield* resultOf(engine.gather(dataset, indices));
    for (let i = 0; i < indices.length && taken.length < wanted; i++) {
      const values = rows.subarray(i * d, (i + 1) * d);
      // First what is cheap: on data of few distinct values all rows may be refused.
      if (!accepts(indices[i], values)) continue;
      const value = values.join();
      if (seen.has(value)) continue;
      seen.add(value);
      taken.push({ index: indices[i], values: values.slice() });
    }
    if (from + indices.length < upTo) break;
  }
  return taken;
}

/** At most `count` rows, the highest score first, equal ones in index order. */
function highest(
  scores: Float32Array | Float64Array,
  ascending: Float32Array | Float64Array,
  count: number,
): Uint32Array {
  const least = ascending[Math.max(0, ascending.length - count)];
  const found: number[] = [];
  for (let i = 0; i < scores.length; i++) if (scores[i] >= least && scores[i] > -Infinity) found.push(i);
  return Uint32Array.from(found.sort((a, b) => scores[b] - scores[a] || a - b).slice(0, count));
}
