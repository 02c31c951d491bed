// The rows that assign-tiled.wgsl could not settle: label = argmin Σ(x − c)², term by term, over *all* centroids.
// The two best of the expanded form are not enough: far from the origin dozens lie within its error.
//
// A workgroup a slice, a row a thread; the order of the list is left to chance and changes nothing. The list is
// empty again afterwards.

@group(0) @binding(3) var<storage, read> model: array<f32>;
@group(0) @binding(4) var<storage, read_write> labels: array<u32>;
@group(0) @binding(5) var<storage, read_write> changed: atomic<u32>;
@group(0) @binding(6) var<storage, read> control: Control;
@group(0) @binding(7) var<storage, read_write> flagged: array<u32>;

const THREADS = 256u;

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
  // The grid's last row may be longer than the part.
  if (slice * part.slice_rows >= part.rows) {
    return;
  }
  let list = (part.shard_row / part.slice_rows + slice) * (part.slice_rows + 1u);
  let count = flagged[list];
  for (var i = thread; i < count; i += THREADS) {
    let row = flagged[list + 1u + i];
    let label = nearest(row);
    if (labels[part.shard_row + row] != label) {
      labels[part.shard_row + row] = label;
      atomicAdd(&changed, 1u);
    }
  }
  storageBarrier();
  if (thread == 0u) {
    flagged[list] = 0u;
  }
}

fn nearest(row: u32) -> u32 {
  var best = 3.4e38;
  var label = 0u;
  for (var c = 0u; c < part.k; c++) {
    var distance = 0.0;
    for (var j = 0u; j < part.d; j++) {
      let difference = load(row, j) - model[c * part.d + j];
      distance = fma(difference, difference, distance);
    }
    if (distance < best) {
      best = distance;
      label = c;
    }
  }
  return label;
}
