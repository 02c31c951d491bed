// The rows that filter.wgsl left several candidates: scores in float32 as assign-tiled.wgsl has them, to the bit, and the
// same rule. A row whose two best are further apart than its band has its label, others go to rescore.wgsl.
//
// A workgroup takes 64 rows. Those with up to seven candidates have eight threads each, a candidate a thread; those with
// more have all 64, each with every 64th centroid.

@group(0) @binding(3) var<storage, read> model: array<f32>;
@group(0) @binding(4) var<storage, read_write> labels: array<u32>;
@group(0) @binding(5) var<storage, read_write> changed: atomic<u32>;
@group(0) @binding(6) var<storage, read> control: Control;
@group(0) @binding(7) var<storage, read_write> flagged: array<atomic<u32>>;
@group(0) @binding(8) var<storage, read> candidates: array<u32>;

const FAR = 3.4e38;
const THREADS = 64u;
const LANES = 8u;
const TEAMS = THREADS / LANES;
const MOST = 7u;
var<workgroup> few: atomic<u32>;
var<workgroup> few_rows: array<u32, THREADS>;
var<workgroup> many: atomic<u32>;
var<workgroup> many_rows: array<u32, THREADS>;
// Best and second best score, and the squared length of the row.
var<workgroup> scores: array<vec3f, THREADS>;
var<workgroup> nearest: array<u32, THREADS>;
var<workgroup> waiting: vec2u;
var<workgroup> moved: atomic<u32>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  if (control.done != 0u) {
    return;
  }
  let row = flat(workgroup, grid) * THREADS + thread;
  if (row < part.rows) {
    let count = candidates[8u * (part.shard_row + row)];
    if (count > MOST) {
      many_rows[atomicAdd(&many, 1u) % THREADS] = row;
    } else if (count > 0u) {
      few_rows[atomicAdd(&few, 1u) % THREADS] = row;
    }
  }
  workgroupBarrier();
  if (thread == 0u) {
    waiting = vec2u(atomicLoad(&few), atomicLoad(&many));
  }
  let counts = workgroupUniformLoad(&waiting);
  let lane = thread % LANES;
  var place = thread / LANES;
  for (var left = (counts.x + TEAMS - 1u) / TEAMS; left > 0u; left--) {
    // Where there is no such row its team has nothing to do.
    let is_there = place < counts.x;
    let row = few_rows[place % THREADS];
    let list = 8u * (part.shard_row + row);
    let is_candidate = is_there && lane < candidates[list];
    score(thread, row, candidates[list + 1u + select(0u, lane, is_candidate)], u32(is_candidate));
    workgroupBarrier();
    if (is_there && lane == 0u) {
      settle(row, thread, LANES);
    }
    workgroupBarrier();
    place += TEAMS;
  }
  var i = 0u;
  for (var left = counts.y; left > 0u; left--) {
    let row = many_rows[i % THREADS];
    score(thread, row, thread, (part.k + THREADS - 1u - thread) / THREADS);
    workgroupBarrier();
    if (thread == 0u) {
      settle(row, 0u, THREADS);
    }
    workgroupBarrier();
    i++;
  }
  workgroupBarrier();
  if (thread == 0u) {
    atomicAdd(&changed, atomicLoad(&moved));
  }
}

fn norm_of(c: u32) -> f32 {
  return model[part.k * D + c];
}

/// Leaves the two best scores of `count` centroids, from the `first` on every THREADS-th, with the squared length of the row.
fn score(thread: u32, row: u32, first: u32, count: u32) {
  var best = -FAR;
  var second = -FAR;
  var label = 0u;
  var norm = 0.0;
  var c = first;
  for (var left = count; left > 0u; left--) {
    var sum = -0.5 * norm_of(c);
    norm = 0.0;
    for (var j = 0u; j < D; j++) {
      let x = load(row, j);
      sum = fma(x, model[c * D + j], sum);
      norm = fma(x, x, norm);
    }
    label = select(label, c, sum > best);
    second = max(second, min(best, sum));
    best = max(best, sum);
    c += THREADS;
  }
  scores[thread] = vec3f(best, second, norm);
  nearest[thread] = label;
}

/// Brings together what `count` threads found of a row; the first of them knows its length.
fn settle(row: u32, first: u32, count: u32) {
  var best = -FAR;
  var second = -FAR;
  var label = 0u;
  var thread = first;
  for (var left = count; left > 0u; left--) {
    let found = scores[thread % THREADS];
    label = select(label, nearest[thread % THREADS], found.x > best);
    second = max(max(second, found.y), min(best, found.x));
    best = max(best, found.x);
    thread++;
  }
  atomicAdd(&moved, label_or_flag(row, best, second, label, scores[first % THREADS].z));
}
