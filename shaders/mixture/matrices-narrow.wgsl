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
const TREES = 4u;
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
  let step = step_of(base, c);
  var y = model[addend_at(base, c)];
  if (step == 0.0) {
    for (var j = 0u; j < D; j++) {
      y = fma(vec4f(x[j] - high[j]), model[factor + j], y);
    }
    return y;
  }
  let unit = model[unit_at(base, c)];
  var reach = 0.0;
  for (var j = 0u; j < D; j++) {
    reach = max(reach, abs(on_grid(vec4f(x[j]), vec4f(unit[j])).x - high[j]) / unit[j]);
  }
  let grid = grid_of(vec4f(reach), step);
  let rest = rest_at(base, c);
  var exact = vec4f();
  for (var j = 0u; j < D; j++) {
    // D it is, but compilers must not know: of a sum of so many products Mesa's would add y to the first of them.
    if (j >= part.d) {
      break;
    }
    let cut = on_grid(vec4f(x[j]), vec4f(unit[j]));
    let difference = cut - high[j];
    let coarse = on_grid(difference, grid * unit[j]);
    let fine = (difference - coarse) + (x[j] - cut);
    exact = fma(coarse, model[factor + j], exact);
    y = fma(fine, model[factor + j], y);
    y = fma(coarse + fine, model[rest + j], y);
  }
  return exact + y;
}

/// How many rows of a slice are a thread's.
fn rows_of(begin: u32, end: u32, thread: u32) -> u32 {
  return (end - begin + THREADS - 1u - thread) / THREADS;
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  place: Place,
) {
  let thread = place.thread;
  let slice = flat(workgroup, grid);
  let begin = slice * part.slice_rows;
  if (begin >= part.rows) {
    return;
  }
  let end = min(begin + part.slice_rows, part.rows);
  let squares = 2u * part.k;
  let values = squares + 4u * matrices();
  let slot = (part.slot + slice) * (values + 1u);

  // Where the moments are about another model, the answers are there already.
  var noted = vec4f();
  if (task.about == 0u) {
    var row = begin + thread;
    for (var rows = rows_of(begin, end, thread); rows > 0u; rows--) {
      let x = values_of(row);
      var answer = NOBODY;
      var c = 0u;
      for (var left = part.k; left > 0u; left--) {
        consider(&answer, density_of(c, square(whitened(0u, c, x))), c);
        c++;
      }
      noted += note(row, answer);
      row += THREADS;
    }
  }
  var of_values = Sums();
  of_values.first = noted;
  let sum = over_threads(of_values, place, false);
  if (thread == 0u) {
    slots[slot + values] = sum.first;
  }

  let looks = select(1u, 2u, task.about > 0u);
  var all = Sums();
  var c = 0u;
  for (var left = part.k; left > 0u; left--) {
    var run = Sums();
    var row = begin + thread;
    for (var rows = rows_of(begin, end, thread); rows > 0u; rows--) {
      let at = part.shard_row + row;
      let x = values_of(row);
      var y = vec4f();
      var share = 0.0;
      var base = 0u;
      for (var bases = looks; bases > 0u; bases--) {
        y = whitened(base, c, x);
        if (base == 0u) {
          let v = density_of(c, square(y));
          share = weight_of(row) * share_of(v, c, Answer(answers[at].x, answers[at].y, labels[at]));
        }
        base = task.about;
      }
      let weighted = share * y;
      run.row0 = fma(weighted.xxxx, y, run.row0);
      if (D > 1u) {
        run.row1 = fma(weighted.yyy, y.yzw, run.row1);
      }
      if (D > 2u) {
        run.row2 = fma(weighted.zz, y.zw, run.row2);
      }
      if (D > 3u) {
        run.row3 = fma(weighted.w, y.w, run.row3);
      }
      run.first += weighted;
      run.count += share;
      row += THREADS;
    }
    add(&all, run);
    let total = over_threads(run, place, !SHARED);
    if (thread == 0u) {
      slots[slot + 2u * c] = vec4f(total.count, 0.0, 0.0, 0.0);
      slots[slot + 2u * c + 1u] = total.first;
      if (!SHARED) {
        write_block(slot + squares + 4u * c, total);
      }
    }
    c++;
  }
  if (SHARED) {
    let total = over_threads(all, place, true);
    if (thread == 0u) {
      write_block(slot + squares, total);
    }
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

/// The sums over the threads, in the first one. The blocks only where they are wanted.
fn over_threads(sums: Sums, place: Place, blocks: bool) -> Sums {
  workgroupBarrier();
  let thread = place.thread;
  set_leaf(0u, thread, sums.row0);
  set_leaf(1u, thread, vec4f(sums.row1, sums.row3));
  set_leaf(2u, thread, vec4f(sums.row2, sums.count, 0.0));
  set_leaf(3u, thread, sums.first);
  let first = select(2u, 0u, blocks);
  let roots = add_up(place, first);
  var totals: array<vec4f, TREES>;
  for (var tree = first; tree < TREES; tree++) {
    totals[tree] = root(tree, roots);
  }
  return Sums(totals[0], totals[1].xyz, totals[2].xy, totals[1].w, totals[3], totals[2].z);
}

fn add(sums: ptr<function, Sums>, run: Sums) {
  (*sums).row0 += run.row0;
  (*sums).row1 += run.row1;
  (*sums).row2 += run.row2;
  (*sums).row3 += run.row3;
  (*sums).first += run.first;
  (*sums).count += run.count;
}

fn write_block(at: u32, sums: Sums) {
  slots[at] = sums.row0;
  slots[at + 1u] = vec4f(0.0, sums.row1);
  slots[at + 2u] = vec4f(0.0, 0.0, sums.row2);
  slots[at + 3u] = vec4f(0.0, 0.0, 0.0, sums.row3);
}
