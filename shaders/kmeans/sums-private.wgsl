// The statistics of a slice where k·d is small: every thread has accumulators of its own in workgroup memory.
//
// A thread is one feature (lane) of one group of rows; a row goes to one group, rows in order, so that there is
// neither a race nor an atomic, and the sums are the same every time. Accumulator [label][thread]: neighbours in
// neighbouring banks. CELLS, a power of two that holds k·THREADS sums and k·GROUPS counts, stays within 16 KiB.
//
// Sums are of w·(x − c), c the centroid that the row was assigned to: they stay small, so that float32 loses nothing
// that the new centroid needs (numerics: moments shifted by the mean in use), and Σw·(x − c)² comes with them.
//
// slots = for each slice the cells of its statistics: [k, d] sums, [k] counts, [k] inertias (all of it in the first).

@group(0) @binding(3) var<storage, read> model: array<f32>;
@group(0) @binding(4) var<storage, read> labels: array<u32>;
@group(0) @binding(5) var<storage, read> weights: array<f32>;
@group(0) @binding(6) var<storage, read> control: Control;
@group(0) @binding(7) var<storage, read_write> slots: array<f32>;

const GROUPS = THREADS / LANES;
var<workgroup> sums: array<f32, CELLS>;
var<workgroup> inertias: array<f32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  if (control.done != 0u) {
    return;
  }
  let slice = flat(workgroup, grid);
  if (slice * part.slice_rows >= part.rows) {
    return;
  }
  let lane = thread % LANES;
  let group = thread / LANES;
  let end = min((slice + 1u) * part.slice_rows, part.rows);
  let counts = part.k * THREADS;
  var inertia = 0.0;
  if (lane < part.d) {
    var row = slice * part.slice_rows + group;
    for (var left = (end + GROUPS - 1u - min(row, end)) / GROUPS; left > 0u; left--) {
      let at = part.shard_row + row;
      let label = labels[at];
      let weight = select(1.0, weights[select(0u, at, WEIGHTED)], WEIGHTED);
      let difference = load(row, lane) - model[label * part.d + lane];
      sums[label * THREADS + thread] += weight * difference;
      inertia += weight * difference * difference;
      if (lane == 0u) {
        sums[counts + label * GROUPS + group] += weight;
      }
      row += GROUPS;
    }
  }
  inertias[thread] = inertia;
  workgroupBarrier();

  let cells = part.k * (part.d + 2u);
  let slot = (part.slot + slice) * cells;
  var cell = thread;
  for (var left = (cells + THREADS - 1u - min(thread, cells)) / THREADS; left > 0u; left--) {
    slots[slot + cell] = total(cell);
    cell += THREADS;
  }
}

/// A cell's sum over the groups, in their order.
fn total(cell: u32) -> f32 {
  var sum = 0.0;
  let k = part.k;
  if (cell < k * part.d) {
    let first = (cell / part.d) * THREADS + cell % part.d;
    for (var group = 0u; group < GROUPS; group++) {
      sum += sums[first + group * LANES];
    }
  } else if (cell < k * (part.d + 1u)) {
    let first = k * THREADS + (cell - k * part.d) * GROUPS;
    for (var group = 0u; group < GROUPS; group++) {
      sum += sums[first + group];
    }
  } else if (cell == k * (part.d + 1u)) {
    for (var group = 0u; group < GROUPS; group++) {
      var of_group = 0.0;
      for (var lane = 0u; lane < LANES; lane++) {
        of_group += inertias[group * LANES + lane];
      }
      sum += of_group;
    }
  }
  return sum;
}
