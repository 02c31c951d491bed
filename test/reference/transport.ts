/** Rows in clusters of bounded size at the least cost: a flow of least cost, slow and obvious. The package never imports it. */

/**
 * The least sum of costs [n, k] where each row is in one cluster and no cluster has more than `room` rows: rows come one by one,
 * each along the shortest path of the network that is left (Bellman and Ford), which may lead rows before it elsewhere.
 */
export function leastCost(costs: ArrayLike<number>, k: number, room: number): number {
  const n = costs.length / k;
  const labels = new Int32Array(n).fill(-1);
  for (let row = 0; row < n; row++) placeRow(row);
  return labels.reduce((sum, label, row) => sum + costs[row * k + label], 0);

  function placeRow(row: number): void {
    const lengths = Float64Array.from({ length: k }, (_, c) => costs[row * k + c]);
    /** Which row leaves for a cluster at the end of the shortest path to it. */
    const movers = new Int32Array(k).fill(row);
    for (let round = 0; round < k; round++) {
      labels.forEach((from, other) => {
        for (let to = 0; from >= 0 && to < k; to++) {
          const length = lengths[from] + costs[other * k + to] - costs[other * k + from];
          if (to === from || length >= lengths[to] - 1e-15 * Math.abs(lengths[to])) continue;
          lengths[to] = length;
          movers[to] = other;
        }
      });
    }
    const sizes = new Int32Array(k);
    for (const label of labels) if (label >= 0) sizes[label]++;
    let to = -1;
    for (let c = 0; c < k; c++) if (sizes[c] < room && (to < 0 || lengths[c] < lengths[to])) to = c;
    for (;;) {
      const mover = movers[to];
      const from = labels[mover];
      labels[mover] = to;
      if (mover === row) return;
      to = from;
    }
  }
}
