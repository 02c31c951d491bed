// Rows by index: result [count, d] = the rows of the dataset that `indices` name, a value a thread. A part writes only
// those that it holds.

@group(0) @binding(3) var<storage, read> indices: array<u32>;
@group(0) @binding(4) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let value = flat(workgroup, grid) * 64u + thread;
  if (value >= arrayLength(&indices) * part.d) {
    return;
  }
  let row = indices[value / part.d];
  if (row >= part.first_row && row - part.first_row < part.rows) {
    result[value] = load(row - part.first_row, value % part.d);
  }
}
