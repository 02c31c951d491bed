// The statistics of slices whose rows are sorted by label: segment sums, for any k and d.
//
// LANES threads walk the rows of one cluster in one slice, in order and in runs of 64, so that float32 sums stay short; a
// thread has every LANES-th feature, four at a time, and neighbouring threads read neighbouring values. Beside them the
// same cluster's rows of the other slices of a group of TOGETHER are walked; then the sums of the slices are added, in
// their order. A workgroup takes as many clusters as it has threads for.
//
// Groups are those of the span: where one has slices of two shards, the second goes on with what the first has left.
//
// The sums are those of sums-private.wgsl. slots = for each group the cells of its statistics, as there, but each cluster has its own inertia.

@group(0) @binding(3) var<storage, read> model: array<f32>;
@group(0) @binding(4) var<storage, read> sorted: array<u32>;
@group(0) @binding(5) var<storage, read> weights: array<f32>;
@group(0) @binding(6) var<storage, read> control: Control;
@group(0) @binding(7) var<storage, read_write> slots: array<f32>;

const THREADS = 256u;
const SEGMENTS = THREADS / LANES;
const CLUSTERS = SEGMENTS / TOGETHER;
var<workgroup> partial: array<vec4f, THREADS>;

struct Moments {
  sums: vec4f,
  squares: vec4f,
  count: f32,
}

@compute @workgroup_size(THREADS)
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
  let group = part.slot / TOGETHER + index / blocks;
  let segment = thread / LANES;
  let lane = thread % LANES;
  let c = (index % blocks) * CLUSTERS + segment / TOGETHER;
  let slice = group * TOGETHER + segment % TOGETHER;
  let slot = group * k * (d + 2u);
  // The slices of the group that another shard has had.
  let goes_on = group * TOGETHER < part.slot;
  let writes = segment % TOGETHER == 0u && c < k;

  var begin = 0u;
  var rows = 0u;
  if (c < k && slice >= part.slot && (slice - part.slot) * part.slice_rows < part.rows) {
    let starts = slice * (k + 1u + part.slice_rows);
    begin = starts + k + 1u + sorted[starts + c];
    rows = sorted[starts + c + 1u] - sorted[starts + c];
  }

  var inertia = 0.0;
  var count = 0.0;
  var first = lane;
  for (var left = (d + 4u * LANES - 1u) / (4u * LANES); left > 0u; left--) {
    let j = first + vec4u(0u, LANES, 2u * LANES, 3u * LANES);
    let moments = walk(begin, rows, min(c, k - 1u), min(j, vec4u(d - 1u)));
    let inside = j < vec4u(d);
    inertia += dot(select(vec4f(), moments.squares, inside), vec4f(1.0));
    count = moments.count;
    partial[thread] = moments.sums;
    workgroupBarrier();
    if (writes) {
      for (var f = 0u; f < 4u; f++) {
        if (inside[f]) {
          let cell = slot + c * d + j[f];
          var sum = select(0.0, slots[cell], goes_on);
          for (var s = 0u; s < TOGETHER; s++) {
            sum += partial[thread + s * LANES][f];
          }
          slots[cell] = sum;
        }
      }
    }
    workgroupBarrier();
    first += 4u * LANES;
  }

  partial[thread].x = inertia;
  workgroupBarrier();
  if (lane == 0u) {
    inertia = 0.0;
    for (var i = 0u; i < LANES; i++) {
      inertia += partial[thread + i].x;
    }
    partial[thread].y = inertia;
    partial[thread].z = count;
  }
  workgroupBarrier();
  if (lane == 0u && writes) {
    let cells = vec2u(slot + k * (d + 1u) + c, slot + k * d + c);
    var both = select(vec2f(), vec2f(slots[cells.x], slots[cells.y]), goes_on);
    for (var s = 0u; s < TOGETHER; s++) {
      both += partial[thread + s * LANES].yz;
    }
    slots[cells.x] = both.x;
    slots[cells.y] = both.y;
  }
}

/// The moments of four features over some rows, about the centroid c.
fn walk(begin: u32, rows: u32, c: u32, j: vec4u) -> Moments {
  let centre = vec4f(model[c * part.d + j.x], model[c * part.d + j.y], model[c * part.d + j.z], model[c * part.d + j.w]);
  var all = Moments();
  var at = begin;
  for (var runs = (rows + 63u) / 64u; runs > 0u; runs--) {
    var run = Moments();
    for (var left = min(64u, begin + rows - at); left > 0u; left--) {
      let row = sorted[at];
      let weight = select(1.0, weights[select(0u, part.shard_row + row, WEIGHTED)], WEIGHTED);
      let difference = vec4f(load(row, j.x), load(row, j.y), load(row, j.z), load(row, j.w)) - centre;
      run.sums += weight * difference;
      run.squares += weight * difference * difference;
      run.count += weight;
      at++;
    }
    all.sums += run.sums;
    all.squares += run.squares;
    all.count += run.count;
  }
  return all;
}
