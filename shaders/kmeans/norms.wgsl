// ‖x‖² of each row, which the error bound of assign-tiled.wgsl needs: once a fit, a row a thread.

@group(0) @binding(3) var<storage, read_write> norms: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = flat(workgroup, grid) * 256u + thread;
  if (row >= part.rows) {
    return;
  }
  var norm = 0.0;
  var j = 0u;
  for (var left = part.d; left > 0u; left--) {
    let x = load(row, j);
    norm = fma(x, x, norm);
    j++;
  }
  norms[part.shard_row + row] = norm;
}
