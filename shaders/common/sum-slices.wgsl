// Adds the statistics of a span of slices to the totals, in one fixed order whatever the spans: slices in groups of
// TOGETHER, groups in blocks of 16, blocks in a row. A block that a span leaves unfinished waits in `totals`.
//
// LANES threads sum as many groups of a cell at once, and a workgroup takes 256/LANES cells: few groups want few lanes.
// That changes no order. TOGETHER·16 slices are 2¹⁹ rows, so that even a hundred million rows end in sums of two hundred terms.
//
// totals = [cells] finished blocks, [cells] the unfinished one. Nothing happens where halt[0] is set.

struct Span {
  cells: u32,
  first_group: u32,  // the span's first group, counted in the dataset
  slices: u32,       // slices in the span
  last: u32,         // whether the dataset ends here
}

@group(0) @binding(0) var<uniform> span: Span;
@group(0) @binding(1) var<storage, read> slots: array<f32>;
@group(0) @binding(2) var<storage, read_write> totals: array<f32>;
@group(0) @binding(3) var<storage, read> halt: array<u32>;

const CELLS = 256u / LANES;
var<workgroup> groups: array<f32, 256>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  if (halt[0] != 0u) {
    return;
  }
  let cell = flat(workgroup, grid) * CELLS + thread % CELLS;
  let lane = thread / CELLS;
  let inside = cell < span.cells;
  var total = 0.0;
  var open = 0.0;
  if (inside && lane == 0u && span.first_group > 0u) {
    total = totals[cell];
    open = totals[span.cells + cell];
  }
  let count = (span.slices + TOGETHER - 1u) / TOGETHER;
  var first = 0u;
  for (var rounds = (count + LANES - 1u) / LANES; rounds > 0u; rounds--) {
    var sum = 0.0;
    if (inside && first + lane < count) {
      var slice = (first + lane) * TOGETHER;
      for (var left = min(TOGETHER, span.slices - slice); left > 0u; left--) {
        sum += slots[slice * span.cells + cell];
        slice++;
      }
    }
    groups[thread] = sum;
    workgroupBarrier();
    if (lane == 0u) {
      var group = first;
      for (var left = min(LANES, count - first); left > 0u; left--) {
        open += groups[(group - first) * CELLS + thread];
        if ((span.first_group + group) % 16u == 15u) {
          total += open;
          open = 0.0;
        }
        group++;
      }
    }
    workgroupBarrier();
    first += LANES;
  }
  if (inside && lane == 0u) {
    totals[cell] = select(total, total + open, span.last == 1u);
    totals[span.cells + cell] = open;
  }
}
