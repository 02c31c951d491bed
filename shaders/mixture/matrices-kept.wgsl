// The moments of a slice where there are at least as many threads as blocks: a thread keeps the sums of its block in
// registers, to the end of the slice; threads that are left take other rows, and the groups add up in a tree.

var<workgroup> halves: array<vec4f, THREADS>;

fn sum_moments(begin: u32, end: u32, slot: u32, workgroup: u32, thread: u32) {
  let width = quads();
  let lanes = blocks_of(width);
  let groups = THREADS / lanes;
  let group = thread / lanes;
  let block = thread % lanes;
  let corner = corner_of(block, width);
  let squares = slot + part.k * (1u + width);
  var sums = Sums();
  for (var c = 0u; c < part.k; c++) {
    if (!is_shared()) {
      sums = Sums();
    }
    sums.first = vec4f();
    sums.count = 0.0;
    for (var first = begin; first < end; first += task.rows) {
      weigh(c, first, end, workgroup, thread);
      if (group < groups) {
        add(&sums, sums_of(corner, group, groups, workgroup));
      }
    }
    let total = over_groups(sums, thread, lanes, groups, !is_shared());
    if (group == 0u) {
      let of_component = slot + c * (1u + width);
      if (corner.x == corner.y) {
        slots[of_component + 1u + corner.x] = total.first;
      }
      if (block == 0u) {
        slots[of_component] = vec4f(total.count, 0.0, 0.0, 0.0);
      }
      if (!is_shared()) {
        write_block(squares + (c * lanes + block) * 4u, total);
      }
    }
  }
  if (is_shared()) {
    let total = over_groups(sums, thread, lanes, groups, true);
    if (group == 0u) {
      write_block(squares + block * 4u, total);
    }
  }
}

/// The sums over the groups, by halves, in the threads of the first one; the blocks only where they are wanted.
fn over_groups(sums: Sums, thread: u32, lanes: u32, groups: u32, blocks: bool) -> Sums {
  if (groups == 1u) {
    return sums;
  }
  var total = sums;
  total.count = halved(vec4f(sums.count), thread, lanes, groups).x;
  total.first = halved(sums.first, thread, lanes, groups);
  if (blocks) {
    total.row0 = halved(sums.row0, thread, lanes, groups);
    total.row1 = halved(sums.row1, thread, lanes, groups);
    total.row2 = halved(sums.row2, thread, lanes, groups);
    total.row3 = halved(sums.row3, thread, lanes, groups);
  }
  return total;
}

/// Half of the groups add the other half's values to their own, until one is left.
fn halved(values: vec4f, thread: u32, lanes: u32, groups: u32) -> vec4f {
  workgroupBarrier();
  halves[thread] = values;
  let group = thread / lanes;
  for (var rest = groups; rest > 1u; rest = (rest + 1u) / 2u) {
    workgroupBarrier();
    let other = group + (rest + 1u) / 2u;
    if (other < rest) {
      halves[thread] += halves[thread + (rest + 1u) / 2u * lanes];
    }
  }
  return halves[thread];
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
