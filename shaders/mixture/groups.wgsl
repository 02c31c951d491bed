// How groups of threads bring their sums together, in the memory of the tile of what is weighed.

/// The sum over groups of `width` threads, in the threads of the first one: half of the groups add the other half's to their
/// own, until one is left.
fn over_groups(values: vec4f, thread: u32, width: u32, groups: u32) -> vec4f {
  if (groups == 1u) {
    return values;
  }
  workgroupBarrier();
  tile_weighed[thread] = values;
  var rest = groups;
  for (var levels = 32u - countLeadingZeros(groups - 1u); levels > 0u; levels--) {
    workgroupBarrier();
    let half = (rest + 1u) / 2u;
    if (thread + half * width < rest * width) {
      tile_weighed[thread] += tile_weighed[thread + half * width];
    }
    rest = half;
  }
  return tile_weighed[thread];
}

/// Sums what is noted of the blocks of a slice, which are at most 64.
fn sum_notes(slot: u32, slice: u32, rows: u32, thread: u32) {
  let first = slice * (part.slice_rows / 64u);
  if (thread < 64u) {
    tile_weighed[thread] = select(vec4f(), notes[first + thread], 64u * thread < rows);
  }
  for (var level = 1u; level < 7u; level++) {
    let half = 64u >> level;
    workgroupBarrier();
    if (thread < half) {
      tile_weighed[thread] += tile_weighed[thread + half];
    }
  }
  if (thread == 0u) {
    slots[slot] = tile_weighed[0];
  }
}
