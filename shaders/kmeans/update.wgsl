// New centroids from the totals: c + Σw·(x − c) / Σw, a workgroup a centroid. Without weight it stays.
// Cosine: the sum Σw·x brought to unit length; one shorter than 1e-6·Σw has no direction, and the centroid stays.
//
// model = centroids [k, d], norms [k]; moves [k] = squared shifts.

struct Shape {
  k: u32,
  d: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> totals: array<f32>;
@group(0) @binding(2) var<storage, read_write> model: array<f32>;
@group(0) @binding(3) var<storage, read_write> previous: array<f32>;
@group(0) @binding(4) var<storage, read_write> moves: array<f32>;
@group(0) @binding(5) var<storage, read> control: Control;

const LEVELS = 6u;
const THREADS = 1u << LEVELS;
const TREES = 1u;
alias Leaf = vec2f;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  place: Place,
) {
  let thread = place.thread;
  if (control.done != 0u) {
    return;
  }
  let c = flat(workgroup, grid);
  if (c >= shape.k) {
    return;
  }
  let d = shape.d;
  let count = totals[shape.k * d + c];
  var length = 1.0;
  var stays = count <= 0.0;
  if (UNIT_CENTROIDS) {
    var squares = 0.0;
    var j = thread;
    for (var left = (d + THREADS - 1u - thread) / THREADS; left > 0u; left--) {
      let sum = totals[c * d + j] + count * model[c * d + j];
      squares = fma(sum, sum, squares);
      j += THREADS;
    }
    set_leaf(0u, thread, vec2f(squares, 0.0));
    length = sqrt(root_everywhere(0u, add_up(place, 0u)).x);
    workgroupBarrier();
    stays = stays || length <= 1e-6 * count;
  }
  var shift = 0.0;
  var norm = 0.0;
  var j = thread;
  for (var left = (d + THREADS - 1u - thread) / THREADS; left > 0u; left--) {
    let old = model[c * d + j];
    var moved = old;
    if (!stays) {
      if (UNIT_CENTROIDS) {
        moved = (totals[c * d + j] + count * old) / length;
      } else {
        moved = old + totals[c * d + j] / count;
      }
    }
    previous[c * d + j] = old;
    model[c * d + j] = moved;
    shift = fma(moved - old, moved - old, shift);
    norm = fma(moved, moved, norm);
    j += THREADS;
  }
  set_leaf(0u, thread, vec2f(shift, norm));
  let sums = root(0u, add_up(place, 0u));
  if (thread == 0u) {
    moves[c] = sums.x;
    model[shape.k * d + c] = sums.y;
  }
}
