// Rows times an upper triangular matrix [d, d], or times a diagonal [d]: result [rows of the shard, d], a value a thread.

@group(0) @binding(3) var<storage, read> matrix: array<f32>;
@group(0) @binding(4) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let value = flat(workgroup, grid) * 64u + thread;
  let row = value / part.d;
  let j = value % part.d;
  if (row >= part.rows) {
    return;
  }
  var sum = 0.0;
  if (DIAGONAL) {
    sum = load(row, j) * matrix[j];
  } else {
    var i = 0u;
    for (var left = j + 1u; left > 0u; left--) {
      sum = fma(load(row, i), matrix[i * part.d + j], sum);
      i++;
    }
  }
  result[part.shard_row * part.d + value] = sum;
}
