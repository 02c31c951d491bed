// log π·p of some rows under all components, less the largest offset: result [rows, k], a pair a thread.

fn is_shared() -> bool {
  return SHARED;
}

@group(0) @binding(3) var<storage, read> model: array<vec4f>;
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
  let width = quads();
  var squares = vec4f();
  for (var quad = 0u; quad < width; quad++) {
    var y = model[addend_at(c) + quad];
    for (var j = 0u; j < min(part.d, 4u * quad + 4u); j++) {
      let x = load(row, j) - model[high_at(c) + j / 4u][j % 4u];
      y = fma(vec4f(x), model[factor_at(c) + j * width + quad], y);
    }
    squares = fma(y, y, squares);
  }
  result[pair] = density_of(c, squares);
}
