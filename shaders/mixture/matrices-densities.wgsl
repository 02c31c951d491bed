// log π·p of some rows under all components, less the largest offset: log_fours [rows, ⌈k/4⌉] vec4, one of them a thread.

fn is_shared() -> bool {
  return SHARED;
}

@group(0) @binding(3) var<storage, read> model: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> log_fours: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let fours = (part.k + 3u) / 4u;
  let index = flat(workgroup, grid) * 64u + thread;
  let row = index / fours;
  if (row >= part.rows) {
    return;
  }
  var logs = vec4f();
  for (var i = 0u; i < 4u; i++) {
    let c = index % fours * 4u + i;
    if (c < part.k) {
      logs[i] = log_of(c, row);
    }
  }
  log_fours[index] = logs;
}

fn log_of(c: u32, row: u32) -> f32 {
  let width = quads();
  let step = step_of(0u, c);
  var row_grid = 0.0;
  if (step > 0.0) {
    var reach = 0.0;
    var j = 0u;
    for (var left = part.d; left > 0u; left--) {
      let unit = model[unit_at(0u, c) + j / 4u][j % 4u];
      reach = max(reach, abs(on_grid(vec4f(load(row, j)), vec4f(unit)).x - model[high_at(0u, c) + j / 4u][j % 4u]) / unit);
      j++;
    }
    row_grid = grid_of(vec4f(reach), step).x;
  }
  var squares = vec4f();
  var quad = 0u;
  for (var rest = width; rest > 0u; rest--) {
    var exact = vec4f();
    var y = model[addend_at(0u, c) + quad];
    var j = 0u;
    for (var left = min(part.d, 4u * quad + 4u); left > 0u; left--) {
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
      j++;
    }
    squares = add_squares(exact + y, squares);
    quad++;
  }
  return density_of(c, squares);
}
