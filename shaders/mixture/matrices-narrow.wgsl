// E-step with its moments, for covariances that are matrices of up to four features: y of a row is one vec4, and a thread
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
const TREES = 6u;
alias Leaf = vec4f;

/// The sums of one thread: a block of yᵀy, and the sums and counts of its rows.
struct Sums {
  row0: vec4f,
  row1: vec4f,
  row2: vec4f,
  row3: vec4f,
  first: vec4f,
  count: f32,
}

/// y of a row.
fn whitened(base: u32, c: u32, row: u32) -> vec4f {
  let high = model[high_at(base, c)];
  let factor = factor_at(base, c);
  let step = step_of(base, c);
  var y = model[addend_at(base, c)];
  if (step == 0.0) {
    for (var j = 0u; j < 4u; j++) {
      if (j >= part.d) {
        break;
      }
      y = fma(vec4f(load(row, j) - high[j]), model[factor + j], y);
    }
    return y;
  }
  var x = vec4f();
  for (var j = 0u; j < 4u; j++) {
    if (j >= part.d) {
      break;
    }
    x[j] = load(row, j);
  }
  let unit = model[unit_at(base, c)];
  let cut = on_grid(x, unit);
  let difference = cut - high;
  let reach = abs(difference) / unit;
  let coarse = on_grid(difference, grid_of(vec4f(max(max(reach.x, reach.y), max(reach.z, reach.w))), step) * unit);
  let fine = (difference - coarse) + (x - cut);
  let rest = rest_at(base, c);
  var exact = vec4f();
  for (var j = 0u; j < 4u; j++) {
    if (j >= part.d) {
      break;
    }
    exact = fma(vec4f(coarse[j]), model[factor + j], exact);
    y = fma(vec4f(fine[j]), model[factor + j], y);
    y = fma(vec4f(coarse[j] + fine[j]), model[rest + j], y);
  }
  return exact + y;
}

/// log π·p of a row.
fn log_of(c: u32, row: u32) -> f32 {
  return density_of(c, square(whitened(0u, c, row)));
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
      var answer = NOBODY;
      var c = 0u;
      for (var left = part.k; left > 0u; left--) {
        consider(&answer, log_of(c, row), c);
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

  var all = Sums();
  var c = 0u;
  for (var left = part.k; left > 0u; left--) {
    var run = Sums();
    var row = begin + thread;
    for (var rows = rows_of(begin, end, thread); rows > 0u; rows--) {
      let at = part.shard_row + row;
      let share = weight_of(row) * share_of(log_of(c, row), c, Answer(answers[at].x, answers[at].y, labels[at]));
      let y = whitened(task.about, c, row);
      let weighted = share * y;
      run.row0 = fma(weighted.xxxx, y, run.row0);
      run.row1 = fma(weighted.yyyy, y, run.row1);
      run.row2 = fma(weighted.zzzz, y, run.row2);
      run.row3 = fma(weighted.wwww, y, run.row3);
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
  set_leaf(1u, thread, sums.row1);
  set_leaf(2u, thread, sums.row2);
  set_leaf(3u, thread, sums.row3);
  set_leaf(4u, thread, sums.first);
  set_leaf(5u, thread, vec4f(sums.count));
  let first = select(4u, 0u, blocks);
  let roots = add_up(place, first);
  var totals: array<vec4f, TREES>;
  for (var tree = first; tree < TREES; tree++) {
    totals[tree] = root(tree, roots);
  }
  return Sums(totals[0], totals[1], totals[2], totals[3], totals[4], totals[5].x);
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
  slots[at + 1u] = sums.row1;
  slots[at + 2u] = sums.row2;
  slots[at + 3u] = sums.row3;
}
