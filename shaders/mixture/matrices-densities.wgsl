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
  let step = step_of(0u, c);
  var row_grid = 0.0;
  if (step > 0.0) {
    var reach = 0.0;
    for (var j = 0u; j < part.d; j++) {
      let unit = model[unit_at(0u, c) + j / 4u][j % 4u];
      reach = max(reach, abs(on_grid(vec4f(load(row, j)), vec4f(unit)).x - model[high_at(0u, c) + j / 4u][j % 4u]) / unit);
    }
    row_grid = grid_of(vec4f(reach), step).x;
  }
  var squares = vec4f();
  for (var quad = 0u; quad < width; quad++) {
    var exact = vec4f();
    var y = model[addend_at(0u, c) + quad];
    for (var j = 0u; j < min(part.d, 4u * quad + 4u); j++) {
      let x = load(row, j);
      let high = model[high_at(0u, c) + j / 4u][j % 4u];
      let u = model[factor_at(0u, c) + j * width + quad];
      if (step > 0.0) {
        let unit = model[unit_at(0u, c) + j / 4u][j % 4u];
        let cut = on_grid(vec4f(x), vec4f(unit)).x;
        let coarse = on_grid(vec4f(cut - high), vec4f(row_grid * unit)).x;
        let fine = ((cut - high) - coarse) + (x - cut);
        exact = fma(vec4f(coarse), u, exact);
        y = fma(vec4f(fine), u, y);
        y = fma(vec4f(coarse + fine), model[rest_at(0u, c) + j * width + quad], y);
      } else {
        y = fma(vec4f(x - high), u, y);
      }
    }
    squares = add_squares(exact + y, squares);
  }
  result[pair] = density_of(c, squares);
}
