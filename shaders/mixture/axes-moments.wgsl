// The moments of covariances that are axes: for each component the sums of w·r, and for each of its features those of w·r·t
// and w·r·t², where t = (x − m)·2ᵉ: exact but for one rounding, one operation, and as good as y, of whose factor 2ᵉ is the
// power of two. What the mean and the factor have beyond m and 2ᵉ the host puts in: see mixture-layout.ts.
//
// A workgroup takes 4·TC components and FEATURES·TF features of a slice; a thread takes four components and one feature or
// two, so that 16 or 32 operations follow two loads. Where these are few, GROUPS of threads take rows of their own, and add
// up in order.
//
// Float32 runs are RUN rows, at most 32, then one sum a tile.
//
// shares = w·r of the part's rows. The moments are about the model at Task.about. slots = for each slice [fours][1 + 2d]
// vec4: counts, and for each feature the sums and the squares; then the sum of what is noted of its blocks.

@group(0) @binding(3) var<storage, read> model: array<vec4f>;
@group(0) @binding(4) var<storage, read> share_fours: array<vec4f>;
@group(0) @binding(5) var<storage, read> notes: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> slots: array<vec4f>;
@group(0) @binding(7) var<uniform> task: Task;

/// So that nothing overflows that counts: LARGEST_ORIGIN and LARGEST_SCALE of mixture-layout.ts.
const LARGEST_ORIGIN: f32 = 0x1p50;
const LARGEST_SCALE: f32 = 0x1p60;

const THREADS = TC * TF * GROUPS;
/// Rows of a tile.
const ROWS = RUN * GROUPS;

/// RUN is a multiple of TC and of TF: a thread brings whole numbers of both.
var<workgroup> tile_weighed: array<vec4f, ROWS * TC>;
var<workgroup> tile_points: array<vec2f, ROWS * TF>;

/// Of four components and a feature.
struct Moments {
  sums: vec4f,
  squares: vec4f,
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let fours = (part.k + 3u) / 4u;
  let feature_blocks = (part.d + FEATURES * TF - 1u) / (FEATURES * TF);
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
  let first_feature = block % feature_blocks * TF * FEATURES;
  let frame_a = frame_of(first_four + thread % TC, first_feature + FEATURES * (thread / TC % TF));
  let frame_b = frame_of(first_four + thread % TC, first_feature + FEATURES * (thread / TC % TF) + 1u);
  var counts = vec4f();
  var moments_a = Moments();
  var moments_b = Moments();
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
      let feature = first_feature + FEATURES * (at % TF);
      var x = vec2f(load(row, min(feature, part.d - 1u)), 0.0);
      if (FEATURES == 2u) {
        x.y = load(row, min(feature + 1u, part.d - 1u));
      }
      tile_points[at] = x;
    }
    workgroupBarrier();
    var run_a = Moments();
    var run_b = Moments();
    // Not before the loop: what is computed there, Intel's compiler keeps in registers that it has not.
    let lane = thread % TC;
    let column = thread / TC % TF;
    let group = thread / (TC * TF);
    // In this form Mesa leaves a short loop as it is: it has no registers for more rows on Intel's; NVIDIA's compiler unrolls
    // it.
    var i = 0u;
    for (var left = RUN; left > 0u; left--) {
      let row = i % RUN * GROUPS + group;
      i++;
      let share = tile_weighed[row * TC + lane];
      let x = tile_points[row * TF + column];
      add(&run_a, share, x.x, frame_a);
      if (FEATURES == 2u) {
        add(&run_b, share, x.y, frame_b);
      }
    }
    moments_a.sums += run_a.sums;
    moments_a.squares += run_a.squares;
    moments_b.sums += run_b.sums;
    moments_b.squares += run_b.squares;
    // The threads of all features count rows of their own.
    if (first_feature == 0u) {
      var turn = 0u;
      for (var turns = RUN / TF; turns > 0u; turns--) {
        counts += tile_weighed[((turn % (RUN / TF) * TF + column) * GROUPS + group) * TC + lane];
        turn++;
      }
    }
    first += ROWS;
  }

  let four = first_four + thread % TC;
  let j = first_feature + FEATURES * (thread / TC % TF);
  let of_four = slot + four * (1u + 2u * part.d);
  if (first_feature == 0u) {
    counts = over_groups(counts, thread, TC, TF * GROUPS);
    if (thread < TC && four < fours) {
      slots[of_four] = counts;
    }
  }
  moments_a.sums = over_groups(moments_a.sums, thread, TC * TF, GROUPS);
  moments_a.squares = over_groups(moments_a.squares, thread, TC * TF, GROUPS);
  if (FEATURES == 2u) {
    moments_b.sums = over_groups(moments_b.sums, thread, TC * TF, GROUPS);
    moments_b.squares = over_groups(moments_b.squares, thread, TC * TF, GROUPS);
  }
  if (thread >= TC * TF || four >= fours) {
    return;
  }
  if (j < part.d) {
    slots[of_four + 1u + 2u * j] = moments_a.sums;
    slots[of_four + 2u + 2u * j] = moments_a.squares;
  }
  if (FEATURES == 2u && j + 1u < part.d) {
    slots[of_four + 3u + 2u * j] = moments_b.sums;
    slots[of_four + 4u + 2u * j] = moments_b.squares;
  }
}

/// t = x·scale + shift, of four components.
struct Frame {
  scale: vec4f,
  shift: vec4f,
}

fn frame_of(four: u32, j: u32) -> Frame {
  let at = feature_at(task.about, min(four, (part.k + 3u) / 4u - 1u), min(j, part.d - 1u));
  let origin = clamp(model[at], vec4f(-LARGEST_ORIGIN), vec4f(LARGEST_ORIGIN));
  let scale = bitcast<vec4f>(bitcast<vec4u>(min(model[at + 1u], vec4f(LARGEST_SCALE))) & vec4u(0x7f800000u));
  // The sign is turned by its bit: of −origin·scale Mesa's compiler makes (x − origin)·scale again.
  return Frame(scale, bitcast<vec4f>(bitcast<vec4u>(origin * scale) ^ vec4u(0x80000000u)));
}

fn add(moments: ptr<function, Moments>, share: vec4f, x: f32, frame: Frame) {
  let t = fma(vec4f(x), frame.scale, frame.shift);
  let left = share * t;
  (*moments).sums += left;
  (*moments).squares = fma(left, t, (*moments).squares);
}
