// log π·p of some rows under all components, less the largest offset: result [rows, k], four components a thread.

@group(0) @binding(3) var<storage, read> model: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let fours = (part.k + 3u) / 4u;
  let index = flat(workgroup, grid) * 64u + thread;
  let row = index / fours;
  let four = index % fours;
  if (row >= part.rows) {
    return;
  }
  let logs = logs_of(row, four);
  for (var i = 0u; i < min(4u, part.k - 4u * four); i++) {
    result[row * part.k + 4u * four + i] = logs[i];
  }
}
