/** Rows and the clusters that somebody has put them into, without those that are not measured. */
export interface Clusters {
  /** Ascending indices of the rows that are measured: [m]. */
  readonly rows: Uint32Array;
  /** Which of the clusters each of them is in: [m]. */
  readonly labels: Uint32Array;
  /** Rows in each cluster, none of them 0: [k]. */
  readonly sizes: Uint32Array;
}

/** @param given any integers [n] */
export function clustersOf(rows: Uint32Array, given: ArrayLike<number>): Clusters {
  const numbers = new Map<number, number>();
  const labels = rows.map((row) => {
    const label = given[row];
    const known = numbers.get(label);
    if (known !== undefined) return known;
    numbers.set(label, numbers.size);
    return numbers.size - 1;
  });
  const sizes = new Uint32Array(numbers.size);
  for (const label of labels) sizes[label]++;
  return { rows, labels, sizes };
}
