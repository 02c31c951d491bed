// Squared distances of some rows to all centroids [k, d], term by term: result [rows, k], a pair a thread. FINE: behind
// the centroids [k, d] is what float32 rounds off them, or rows that are near would be off by as much.

@group(0) @binding(3) var<storage, read> centroids: array<f32>;
@group(0) @binding(4) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let pair = flat(workgroup, grid) * 64u + thread;
  let row = pair / part.k;
  let c = pair % part.k;
  if (row >= part.rows) {
    return;
  }
  var distance = 0.0;
  var j = 0u;
  for (var left = part.d; left > 0u; left--) {
    var difference = load(row, j) - centroids[c * part.d + j];
    if (FINE) {
      difference -= centroids[(part.k + c) * part.d + j];
    }
    distance = fma(difference, difference, distance);
    j++;
  }
  result[pair] = distance;
}
