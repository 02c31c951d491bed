// The moments of a slice where there are at least as many threads as blocks: a thread keeps the sums of its block in
// registers, to the end of the slice; threads that are left take other rows, and the groups add up in a tree.

fn sum_moments(begin: u32, end: u32, slot: u32, workgroup: u32, thread: u32) {
  let width = quads();
  let lanes = blocks_of(width);
  let groups = THREADS / lanes;
  let group = thread / lanes;
  let block = thread % lanes;
  let corner = corner_of(block, width);
  let squares = slot + part.k * (1u + width);
  var sums = Sums();
  var c = 0u;
  for (var left = part.k; left > 0u; left--) {
    if (!is_shared()) {
      sums = Sums();
    }
    sums.first = vec4f();
    sums.count = 0.0;
    var first = begin;
    for (var tiles = (end - begin + task.rows - 1u) / task.rows; tiles > 0u; tiles--) {
      weigh(c, first, end, workgroup, thread);
      if (group < groups) {
        add(&sums, sums_of(corner, group, groups, workgroup));
      }
      first += task.rows;
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
    c++;
  }
  if (is_shared()) {
    let total = over_groups(sums, thread, lanes, groups, true);
    if (group == 0u) {
      write_block(squares + block * 4u, total);
    }
  }
}
