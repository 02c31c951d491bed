// The rows that assign-tiled.wgsl could not settle: label = argmin Σ(x − c)², term by term, over *all* centroids.
// The two best of the expanded form are not enough: far from the origin dozens lie within its error.
//
// SHARES workgroups a slice, each taking every SHARES-th group of ROWS rows of its list, and a thread every THREADS-th
// centroid: what is loaded of a centroid serves all of the rows, and the path of a row is k·d / THREADS terms. Squared
// distances are not negative, so that as integers they are in the same order: two atomic minima find the least one and,
// among the threads that have it, the lowest index. So the order of the list, which is left to chance, changes nothing.
//
// The list is empty again afterwards: in the upper half of its count are the workgroups that have been here, and the last
// of them clears it.

@group(0) @binding(3) var<storage, read> model: array<f32>;
@group(0) @binding(4) var<storage, read_write> labels: array<u32>;
@group(0) @binding(5) var<storage, read_write> changed: atomic<u32>;
@group(0) @binding(6) var<storage, read> control: Control;
@group(0) @binding(7) var<storage, read_write> flagged: array<atomic<u32>>;

const SHARES = 4u;
const ROWS = 4u;
const VISITOR = 0x10000u;
const NOBODY = 0xffffffffu;
var<workgroup> waiting: u32;
var<workgroup> least: array<atomic<u32>, ROWS>;
var<workgroup> winner: array<atomic<u32>, ROWS>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  if (control.done != 0u) {
    return;
  }
  let index = flat(workgroup, grid);
  let slice = index / SHARES;
  let share = index % SHARES;
  // The grid's last row may be longer than the part.
  if (slice * part.slice_rows >= part.rows) {
    return;
  }
  let list = (part.shard_row / part.slice_rows + slice) * (part.slice_rows + 1u);
  if (thread == 0u) {
    waiting = atomicLoad(&flagged[list]) % VISITOR;
  }
  let count = workgroupUniformLoad(&waiting);
  var first = share * ROWS;
  for (var left = ((count + ROWS - 1u) / ROWS + SHARES - 1u - share) / SHARES; left > 0u; left--) {
    settle(list + 1u + first, min(ROWS, count - first), thread);
    first += SHARES * ROWS;
  }
  if (thread == 0u) {
    if (atomicAdd(&flagged[list], VISITOR) / VISITOR == SHARES - 1u) {
      atomicStore(&flagged[list], 0u);
    }
  }
}

/// Labels up to ROWS rows; where there are fewer, the last one stands for the rest.
fn settle(places: u32, count: u32, thread: u32) {
  if (thread < ROWS) {
    atomicStore(&least[thread], 0xffffffffu);
    atomicStore(&winner[thread], NOBODY);
  }
  let last = places + count - 1u;
  let r0 = atomicLoad(&flagged[places]);
  let r1 = atomicLoad(&flagged[min(places + 1u, last)]);
  let r2 = atomicLoad(&flagged[min(places + 2u, last)]);
  let r3 = atomicLoad(&flagged[min(places + 3u, last)]);
  var best = vec4u(0xffffffffu);
  var label = vec4u();
  var c = thread;
  for (var left = (part.k + THREADS - 1u - thread) / THREADS; left > 0u; left--) {
    var distances = vec4f();
    var j = 0u;
    for (var terms = part.d; terms > 0u; terms--) {
      let x = vec4f(load(r0, j), load(r1, j), load(r2, j), load(r3, j));
      let difference = x - model[c * part.d + j];
      distances = fma(difference, difference, distances);
      j++;
    }
    let bits = bitcast<vec4u>(distances);
    // Strictly less, in ascending order: a tie keeps the lowest index.
    let closer = bits < best;
    best = select(best, bits, closer);
    label = select(label, vec4u(c), closer);
    c += THREADS;
  }
  workgroupBarrier();
  let bits = least_here(best);
  if (speaks()) {
    for (var r = 0u; r < ROWS; r++) {
      atomicMin(&least[r], bits[r]);
    }
  }
  workgroupBarrier();
  let of_all = vec4u(atomicLoad(&least[0]), atomicLoad(&least[1]), atomicLoad(&least[2]), atomicLoad(&least[3]));
  let lowest = least_here(select(vec4u(NOBODY), label, best == of_all));
  if (speaks()) {
    for (var r = 0u; r < ROWS; r++) {
      if (lowest[r] != NOBODY) {
        atomicMin(&winner[r], lowest[r]);
      }
    }
  }
  workgroupBarrier();
  if (thread < count) {
    let at = part.shard_row + atomicLoad(&flagged[places + thread]);
    let nearest = atomicLoad(&winner[thread]);
    if (labels[at] != nearest) {
      labels[at] = nearest;
      atomicAdd(&changed, 1u);
    }
  }
  workgroupBarrier();
}
