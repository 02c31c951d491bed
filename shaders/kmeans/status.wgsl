// The end of an iteration: sums over the centroids, whether to go on, and a line in the log. One workgroup.
//
// log = a ring of LOG lines.

struct Rule {
  k: u32,
  d: u32,
  max_iterations: u32,
  tolerance: f32,
}

struct Line {
  iteration: u32,
  changed: u32,
  empty: u32,
  done: u32,
  inertia: f32,
  shift: f32,
}

@group(0) @binding(0) var<uniform> rule: Rule;
@group(0) @binding(1) var<storage, read> totals: array<f32>;
@group(0) @binding(2) var<storage, read> moves: array<f32>;
@group(0) @binding(3) var<storage, read_write> changed: atomic<u32>;
@group(0) @binding(4) var<storage, read_write> control: Control;
@group(0) @binding(5) var<storage, read_write> log: array<Line>;

const LEVELS = 6u;
const THREADS = 1u << LEVELS;
const TREES = 1u;
/// The inertia, the squared shift, and how many clusters are empty.
alias Leaf = vec3f;

@compute @workgroup_size(THREADS)
fn main(place: Place) {
  let thread = place.thread;
  let k = rule.k;
  let d = rule.d;
  var sums = vec3f();
  var c = thread;
  for (var left = (k + THREADS - 1u - thread) / THREADS; left > 0u; left--) {
    let empty = select(0.0, 1.0, totals[k * d + c] <= 0.0);
    sums += vec3f(totals[k * (d + 1u) + c], moves[c], empty);
    c += THREADS;
  }
  set_leaf(0u, thread, sums);
  sums = root(0u, add_up(place, 0u));
  if (thread != 0u || control.done != 0u) {
    return;
  }
  let inertia = sums.x;
  let shift = sums.y;
  let empty = sums.z;
  let moved = atomicExchange(&changed, 0u);
  let settled = (control.compared == 1u && moved == 0u) || shift <= rule.tolerance;
  let iteration = control.iteration + 1u;
  var done = 0u;
  if (empty > 0.0) {
    done = 2u;
  } else if (settled) {
    done = 1u;
  } else if (iteration >= rule.max_iterations) {
    done = 3u;
  }
  control = Control(done, iteration, 1u);
  log[(iteration - 1u) % LOG] = Line(iteration, moved, u32(empty), done, inertia, shift);
}
