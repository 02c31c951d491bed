// The moments of covariances that are axes: for each component the sums of w·r, and for each of its features those of w·r·y
// and w·r·y². A workgroup takes 4·TC components and 2·TF features of a slice; a thread takes four components and two
// features, so that 40 operations follow two loads. Where these are few, GROUPS of threads take rows of their own, and add up
// in order.
//
// Float32 runs are RUN rows, at most 32, then one sum a tile.
//
// shares = w·r of the part's rows. The moments are those of y under the model at Task.about. slots = for each slice
// [fours][1 + 2d] vec4: counts, and for each feature the sums and the squares; then the sum of what is noted of its blocks.

@group(0) @binding(3) var<storage, read> model: array<vec4f>;
@group(0) @binding(4) var<storage, read> share_fours: array<vec4f>;
@group(0) @binding(5) var<storage, read> notes: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> slots: array<vec4f>;
@group(0) @binding(7) var<uniform> task: Task;

const THREADS = TC * TF * GROUPS;
/// Rows of a tile.
const ROWS = RUN * GROUPS;

/// RUN is at least TF, so that they are at least as many as there are threads.
var<workgroup> tile_weighed: array<vec4f, ROWS * TC>;
var<workgroup> tile_points: array<vec2f, ROWS * TF>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let fours = (part.k + 3u) / 4u;
  let feature_blocks = (part.d + 2u * TF - 1u) / (2u * TF);
  let blocks = feature_blocks * ((fours + TC - 1u) / TC);
  let index = flat(workgroup, grid);
  let slice = index / blocks;
  let block = index % blocks;
  let begin = slice * part.slice_rows;
  if (begin >= part.rows) {
    return;
  }
  let end = min(begin + part.slice_rows, part.rows);
  let slot = (part.slot + slice) * (fours * (1u + 2u * part.d) + 1u);
  if (block == 0u) {
    sum_notes(slot + fours * (1u + 2u * part.d), part.slot + slice, end - begin, thread);
  }

  let first_four = block / feature_blocks * TC;
  let first_pair = block % feature_blocks * TF;
  let lane = thread % TC;
  let pair = thread / TC % TF;
  let group = thread / (TC * TF);
  let four = first_four + lane;
  let j = 2u * (first_pair + pair);
  let at_a = feature_at(task.about, min(four, fours - 1u), min(j, part.d - 1u));
  let at_b = feature_at(task.about, min(four, fours - 1u), min(j + 1u, part.d - 1u));
  let high_a = model[at_a];
  let factor_a = model[at_a + 1u];
  let addend_a = model[at_a + 2u];
  let high_b = model[at_b];
  let factor_b = model[at_b + 1u];
  let addend_b = model[at_b + 2u];
  var counts = vec4f();
  var sums_a = vec4f();
  var squares_a = vec4f();
  var sums_b = vec4f();
  var squares_b = vec4f();
  var first = begin;
  for (var tiles = (end - begin + ROWS - 1u) / ROWS; tiles > 0u; tiles--) {
    workgroupBarrier();
    for (var i = 0u; i < RUN / TF; i++) {
      let at = thread + i * THREADS;
      let row = first + at / TC;
      let origin = min(row, end - 1u) * fours + min(first_four + at % TC, fours - 1u);
      tile_weighed[at] = select(vec4f(), share_fours[origin], row < end);
    }
    for (var i = 0u; i < RUN / TC; i++) {
      let at = thread + i * THREADS;
      let row = min(first + at / TF, end - 1u);
      let feature = 2u * (first_pair + at % TF);
      tile_points[at] = vec2f(load(row, min(feature, part.d - 1u)), load(row, min(feature + 1u, part.d - 1u)));
    }
    workgroupBarrier();
    var run_sums_a = vec4f();
    var run_squares_a = vec4f();
    var run_sums_b = vec4f();
    var run_squares_b = vec4f();
    // In this form Mesa leaves a short loop as it is: it has no registers for more rows on Intel's; NVIDIA's compiler unrolls
    // it.
    var i = 0u;
    for (var left = RUN; left > 0u; left--) {
      let row = i % RUN * GROUPS + group;
      i++;
      let share = tile_weighed[row * TC + lane];
      let x = tile_points[row * TF + pair];
      let y_a = fma(x.xxxx - high_a, factor_a, addend_a);
      let y_b = fma(x.yyyy - high_b, factor_b, addend_b);
      let left_a = share * y_a;
      let left_b = share * y_b;
      run_sums_a += left_a;
      run_squares_a = fma(left_a, y_a, run_squares_a);
      run_sums_b += left_b;
      run_squares_b = fma(left_b, y_b, run_squares_b);
    }
    sums_a += run_sums_a;
    squares_a += run_squares_a;
    sums_b += run_sums_b;
    squares_b += run_squares_b;
    // The threads of all features count rows of their own.
    if (first_pair == 0u) {
      for (var i = 0u; i < RUN / TF; i++) {
        counts += tile_weighed[((i * TF + pair) * GROUPS + group) * TC + lane];
      }
    }
    first += ROWS;
  }

  let of_four = slot + four * (1u + 2u * part.d);
  if (first_pair == 0u) {
    counts = over_groups(counts, thread, TC, TF * GROUPS);
    if (thread < TC && four < fours) {
      slots[of_four] = counts;
    }
  }
  sums_a = over_groups(sums_a, thread, TC * TF, GROUPS);
  squares_a = over_groups(squares_a, thread, TC * TF, GROUPS);
  sums_b = over_groups(sums_b, thread, TC * TF, GROUPS);
  squares_b = over_groups(squares_b, thread, TC * TF, GROUPS);
  if (group > 0u || four >= fours) {
    return;
  }
  if (j < part.d) {
    slots[of_four + 1u + 2u * j] = sums_a;
    slots[of_four + 2u + 2u * j] = squares_a;
  }
  if (j + 1u < part.d) {
    slots[of_four + 3u + 2u * j] = sums_b;
    slots[of_four + 4u + 2u * j] = squares_b;
  }
}
