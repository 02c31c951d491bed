// The statistics of slices whose rows are sorted by label: segment sums, for any k and d.
//
// A workgroup of 64 threads takes 64 / LANES clusters of one slice; a thread is a feature (lane) of a cluster and walks
// the cluster's rows in order, in runs of 64, so that float32 sums stay short. LANES = min(64, the power of two that
// holds d): neighbouring threads read neighbouring values.
//
// The sums are those of sums-private.wgsl, and so are the slots; here each cluster has its own inertia.

@group(0) @binding(3) var<storage, read> model: array<f32>;
@group(0) @binding(4) var<storage, read> sorted: array<u32>;
@group(0) @binding(5) var<storage, read> weights: array<f32>;
@group(0) @binding(6) var<storage, read> control: Control;
@group(0) @binding(7) var<storage, read_write> slots: array<f32>;

const CLUSTERS = 64u / LANES;
var<workgroup> inertias: array<f32, 64>;

struct Moments {
  sum: f32,
  squares: f32,
  count: f32,
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  if (control.done != 0u) {
    return;
  }
  let k = part.k;
  let d = part.d;
  let blocks = (k + CLUSTERS - 1u) / CLUSTERS;
  let index = flat(workgroup, grid);
  let slice = index / blocks;
  if (slice * part.slice_rows >= part.rows) {
    return;
  }
  let lane = thread % LANES;
  let c = (index % blocks) * CLUSTERS + thread / LANES;
  let starts = (part.slot + slice) * (2u * k + 1u + part.slice_rows);
  let order = starts + 2u * k + 1u;
  let slot = (part.slot + slice) * k * (d + 2u);
  var squares = 0.0;
  if (c < k) {
    let begin = order + sorted[starts + c];
    let to = order + sorted[starts + c + 1u];
    for (var j = lane; j < d; j += LANES) {
      let moments = segment(begin, to, c, j);
      slots[slot + c * d + j] = moments.sum;
      squares += moments.squares;
      if (j == 0u) {
        slots[slot + k * d + c] = moments.count;
      }
    }
  }
  inertias[thread] = squares;
  workgroupBarrier();
  if (c < k && lane == 0u) {
    var inertia = 0.0;
    for (var i = thread; i < thread + LANES; i++) {
      inertia += inertias[i];
    }
    slots[slot + k * (d + 1u) + c] = inertia;
  }
}

fn segment(begin: u32, to: u32, c: u32, j: u32) -> Moments {
  let centre = model[c * part.d + j];
  var all = Moments();
  for (var start = begin; start < to; start += 64u) {
    var run = Moments();
    for (var i = start; i < min(start + 64u, to); i++) {
      let row = sorted[i];
      let weight = select(1.0, weights[select(0u, part.shard_row + row, WEIGHTED)], WEIGHTED);
      let difference = load(row, j) - centre;
      run.sum += weight * difference;
      run.squares += weight * difference * difference;
      run.count += weight;
    }
    all.sum += run.sum;
    all.squares += run.squares;
    all.count += run.count;
  }
  return all;
}
