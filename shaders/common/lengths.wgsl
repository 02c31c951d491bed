// 1 / ‖x‖ of each row, to bring borrowed rows to unit length on load: a row a thread. `zero` = the smallest index of a
// row of length 0. Scaled by the largest |x| first, so that squares neither overflow nor vanish.

struct Extent {
  base: u32,
  rows: u32,
  d: u32,
  first_row: u32,
  shard_row: u32,
}

@group(0) @binding(0) var<uniform> extent: Extent;
@group(0) @binding(1) var<storage, read> points: array<f32>;
@group(0) @binding(2) var<storage, read_write> inverse: array<f32>;
@group(0) @binding(3) var<storage, read_write> zero: atomic<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = flat(workgroup, grid) * 64u + thread;
  if (row >= extent.rows) {
    return;
  }
  let begin = extent.base + row * extent.d;
  var largest = 0.0;
  var at = begin;
  for (var left = extent.d; left > 0u; left--) {
    largest = max(largest, abs(points[at]));
    at++;
  }
  if (largest == 0.0) {
    atomicMin(&zero, extent.first_row + row);
    inverse[extent.shard_row + row] = 0.0;
    return;
  }
  var sum = 0.0;
  at = begin;
  for (var left = extent.d; left > 0u; left--) {
    let x = points[at] / largest;
    sum = fma(x, x, sum);
    at++;
  }
  inverse[extent.shard_row + row] = 1.0 / (largest * sqrt(sum));
}
