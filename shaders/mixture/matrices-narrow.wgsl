// E-step with its moments, for covariances that are matrices of D features, at most four: y of a row is one vec4, and a thread
// takes whole rows. It finds their answers over all components; then, component by component, it sums w·r, w·r·y and w·r·yᵀy
// of its rows in registers, and the threads' sums come together in a tree. The rows come from memory once; the second look
// finds them in the cache. Float32 runs are at most 64 rows.
//
// answers = (best, sum) of each row, labels = its component. slots are those of matrices-moments.wgsl, with one block.

@group(0) @binding(3) var<storage, read> model: array<vec4f>;
@group(0) @binding(4) var<storage, read> weights: array<f32>;
@group(0) @binding(5) var<storage, read_write> answers: array<vec2f>;
@group(0) @binding(6) var<storage, read_write> labels: array<u32>;
@group(0) @binding(7) var<storage, read_write> slots: array<vec4f>;
@group(0) @binding(8) var<uniform> task: Task;

const LEVELS = 6u;
const THREADS = 1u << LEVELS;
/// Of blocks, their first row, the second and the last, and the third with the counts; then the sums of w·r·y.
const TREES = 4u;
const COUNTS = 2u;
const FIRSTS = 3u;
/// The first that each component has of its own.
const OF_COMPONENT = select(0u, COUNTS, SHARED);
alias Leaf = vec4f;

/// The sums of one thread: of yᵀy what is on the diagonal or right of it, and the sums and counts of its rows.
struct Sums {
  row0: vec4f,
  row1: vec3f,
  row2: vec2f,
  row3: f32,
  first: vec4f,
  count: f32,
}

/// Of each thread, the blocks of all components where they share one.
var<workgroup> all: array<vec4f, select(1u, 3u * THREADS, SHARED)>;

/// The values of a row, and zeros.
fn values_of(row: u32) -> vec4f {
  var x = vec4f();
  for (var j = 0u; j < D; j++) {
    x[j] = load(row, j);
  }
  return x;
}

/// y of the values of a row.
fn whitened(base: u32, c: u32, x: vec4f) -> vec4f {
  let high = model[high_at(base, c)];
  let factor = factor_at(base, c);
  var y = model[addend_at(base, c)];
  if (!has_step(base, c)) {
    for (var j = 0u; j < D; j++) {
      y = fma(vec4f(x[j] - high[j]), model[factor + j], y);
    }
    return bounded(y);
  }
  let inverse = model[inverse_at(base, c)];
  var whole = vec4f();
  var left = vec4f();
  var reach = 0.0;
  for (var j = 0u; j < D; j++) {
    let scaled = x[j] * inverse[j];
    whole[j] = round(scaled) - high[j];
    left[j] = scaled - round(scaled);
    reach = max(reach, abs(whole[j]));
  }
  let grid = grid_of(vec4f(reach), step_of(base, c));
  let rest = rest_at(base, c);
  var exact = vec4f();
  for (var j = 0u; j < D; j++) {
    let coarse = on_grid(vec4f(whole[j]), grid).x;
    let fine = (whole[j] - coarse) + left[j];
    exact = fma(vec4f(coarse), model[factor + j], exact);
    y = fma(vec4f(fine), model[factor + j], y);
    y = fma(vec4f(coarse + fine), model[rest + j], y);
  }
  // The maximum changes nothing, but is between the sums: Mesa's compiler would add y to the first of the products.
  return bounded(max(exact, vec4f(-0x1p126)) + y);
}

/// The sum of squares, of D features.
fn squared(y: vec4f) -> f32 {
  var features = vec4f();
  for (var j = 0u; j < D; j++) {
    features[j] = y[j];
  }
  return dot(features, features);
}

/// How many rows of a slice are a thread's.
fn rows_of(slice: u32, thread: u32) -> u32 {
  return (min(part.slice_rows, part.rows - slice * part.slice_rows) + THREADS - 1u - thread) / THREADS;
}

/// Where the statistics of a slice begin.
fn slot_of(slice: u32) -> u32 {
  return (part.slot + slice) * (2u * part.k + 4u * matrices() + 1u);
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  place: Place,
) {
  let thread = place.thread;
  let slice = flat(workgroup, grid);
  // A quotient: Intel's compiler would keep a product until it is wanted again.
  if (slice > (part.rows - 1u) / part.slice_rows) {
    return;
  }

  // Where the moments are about another model, the answers are there already.
  if (task.about == 0u) {
    var noted = vec4f();
    var row = slice * part.slice_rows + thread;
    for (var rows = rows_of(slice, thread); rows > 0u; rows--) {
      let x = values_of(row);
      var answer = NOBODY;
      var c = 0u;
      for (var left = part.k; left > 0u; left--) {
        consider(&answer, density_of(c, squared(whitened(0u, c, x))), c);
        c++;
      }
      noted += note(row, answer);
      row += THREADS;
    }
    set_leaf(FIRSTS, thread, noted);
    let sum = root(FIRSTS, add_up(place, FIRSTS));
    if (thread == 0u) {
      slots[slot_of(slice + 1u) - 1u] = sum;
    }
  }

  for (var left = part.k; left > 0u; left--) {
    let c = part.k - left;
    var run = Sums();
    var row = slice * part.slice_rows + thread;
    for (var rows = rows_of(slice, thread); rows > 0u; rows--) {
      let at = part.shard_row + row;
      let x = values_of(row);
      var y = vec4f();
      var share = 0.0;
      var base = 0u;
      for (var bases = select(1u, 2u, task.about > 0u); bases > 0u; bases--) {
        y = whitened(base, c, x);
        if (base == 0u) {
          let v = density_of(c, squared(y));
          share = weight_of(row) * share_of(v, c, Answer(answers[at].x, answers[at].y, labels[at]));
        }
        base = task.about;
      }
      let weighted = share * y;
      for (var j = 0u; j < D; j++) {
        run.first[j] += weighted[j];
        run.row0[j] = fma(weighted.x, y[j], run.row0[j]);
      }
      for (var j = 1u; j < D; j++) {
        run.row1[j - 1u] = fma(weighted.y, y[j], run.row1[j - 1u]);
      }
      for (var j = 2u; j < D; j++) {
        run.row2[j - 2u] = fma(weighted.z, y[j], run.row2[j - 2u]);
      }
      if (D > 3u) {
        run.row3 = fma(weighted.w, y.w, run.row3);
      }
      run.count += share;
      row += THREADS;
    }
    let rows1 = vec4f(run.row1, run.row3);
    let rows2 = vec4f(run.row2, run.count, 0.0);
    if (SHARED) {
      all[thread] += run.row0;
      all[THREADS + thread] += rows1;
      all[2u * THREADS + thread] += rows2;
    }
    workgroupBarrier();
    set_leaf(0u, thread, run.row0);
    set_leaf(1u, thread, rows1);
    set_leaf(COUNTS, thread, rows2);
    set_leaf(FIRSTS, thread, run.first);
    let roots = add_up(place, OF_COMPONENT);
    for (var tree = OF_COMPONENT; tree < TREES; tree++) {
      let total = root(tree, roots);
      if (thread == 0u) {
        let slot = slot_of(slice);
        write_component(slot + 2u * c, tree, total);
        if (!SHARED) {
          write_block(slot + 2u * part.k + 4u * c, tree, total);
        }
      }
    }
  }
  if (SHARED) {
    workgroupBarrier();
    for (var tree = 0u; tree < FIRSTS; tree++) {
      set_leaf(tree, thread, all[tree * THREADS + thread]);
    }
    let roots = add_up(place, 0u);
    for (var tree = 0u; tree < FIRSTS; tree++) {
      let total = root(tree, roots);
      if (thread == 0u) {
        write_block(slot_of(slice) + 2u * part.k, tree, total);
      }
    }
  }
}

/// What a tree tells of the count and of the sums of w·r·y.
fn write_component(at: u32, tree: u32, total: vec4f) {
  if (tree == COUNTS) {
    slots[at] = vec4f(total.z, 0.0, 0.0, 0.0);
  }
  if (tree == FIRSTS) {
    slots[at + 1u] = total;
  }
}

/// What a tree tells of the rows of a block.
fn write_block(at: u32, tree: u32, total: vec4f) {
  if (tree == 0u) {
    slots[at] = total;
  }
  if (tree == 1u) {
    slots[at + 1u] = vec4f(0.0, total.xyz);
    slots[at + 3u] = vec4f(0.0, 0.0, 0.0, total.w);
  }
  if (tree == COUNTS) {
    slots[at + 2u] = vec4f(0.0, 0.0, total.xy);
  }
}

/// Keeps what a row answers. Returns w·value, whether the row is left to the host, and whether its label is another one; 0.
fn note(row: u32, answer: Answer) -> vec4f {
  let at = part.shard_row + row;
  let far = answer.best < -0.5 * FARTHEST;
  answers[at] = vec2f(answer.best, answer.sum);
  let label = select(answer.label, FAR, far);
  let moved = f32(labels[at] != label);
  labels[at] = label;
  return vec4f(select(weight_of(row) * value_of(answer), 0.0, far), f32(far), moved, 0.0);
}

fn weight_of(row: u32) -> f32 {
  let weighted = task.weighted == 1u;
  return select(1.0, weights[select(0u, part.shard_row + row, weighted)], weighted);
}
