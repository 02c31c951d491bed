// The moments of a slice where there are more blocks than threads: a thread adds the sums of each tile of rows to the slot,
// for every block that is its own.

fn sum_moments(begin: u32, end: u32, slot: u32, workgroup: u32, thread: u32) {
  let width = quads();
  let blocks = blocks_of(width);
  let squares = slot + part.k * (1u + width);
  var i = slot + thread;
  for (var left = turns_of(squares + matrices() * blocks * 4u - slot, thread); left > 0u; left--) {
    slots[i] = vec4f();
    i += THREADS;
  }
  storageBarrier();
  var c = 0u;
  for (var left = part.k; left > 0u; left--) {
    let of_component = slot + c * (1u + width);
    let of_blocks = squares + matrix_of(c) * blocks * 4u;
    var first = begin;
    for (var tiles = (end - begin + task.rows - 1u) / task.rows; tiles > 0u; tiles--) {
      weigh(c, first, end, workgroup, thread);
      var block = thread;
      for (var turns = turns_of(blocks, thread); turns > 0u; turns--) {
        let corner = corner_of(block, width);
        let run = sums_of(corner, 0u, 1u, workgroup);
        if (corner.x == corner.y) {
          slots[of_component + 1u + corner.x] += run.first;
        }
        if (block == 0u) {
          slots[of_component] += vec4f(run.count, 0.0, 0.0, 0.0);
        }
        let at = of_blocks + block * 4u;
        slots[at] += run.row0;
        slots[at + 1u] += run.row1;
        slots[at + 2u] += run.row2;
        slots[at + 3u] += run.row3;
        block += THREADS;
      }
      first += task.rows;
    }
    c++;
  }
}
