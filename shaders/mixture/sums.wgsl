// What threads sum for one component, and how the groups of them come together.

/// The sums of one thread: a block of yᵀy, and the sums and counts of its rows.
struct Sums {
  row0: vec4f,
  row1: vec4f,
  row2: vec4f,
  row3: vec4f,
  first: vec4f,
  count: f32,
}

var<workgroup> halves: array<vec4f, 6u * THREADS>;

/// The sums over the groups, in the threads of the first one: half of the groups add the other half's to their own, until
/// one is left. The blocks only where they are wanted.
fn over_groups(sums: Sums, thread: u32, lanes: u32, groups: u32, blocks: bool) -> Sums {
  if (groups == 1u) {
    return sums;
  }
  workgroupBarrier();
  halves[thread] = sums.row0;
  halves[THREADS + thread] = sums.row1;
  halves[2u * THREADS + thread] = sums.row2;
  halves[3u * THREADS + thread] = sums.row3;
  halves[4u * THREADS + thread] = sums.first;
  halves[5u * THREADS + thread] = vec4f(sums.count);
  let group = thread / lanes;
  var rest = groups;
  for (var levels = 32u - countLeadingZeros(groups - 1u); levels > 0u; levels--) {
    workgroupBarrier();
    let step = (rest + 1u) / 2u;
    if (group + step < rest) {
      for (var i = select(4u, 0u, blocks); i < 6u; i++) {
        halves[i * THREADS + thread] += halves[i * THREADS + thread + step * lanes];
      }
    }
    rest = step;
  }
  return Sums(
    halves[thread], halves[THREADS + thread], halves[2u * THREADS + thread], halves[3u * THREADS + thread],
    halves[4u * THREADS + thread], halves[5u * THREADS + thread].x,
  );
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
