// E-step with its moments, for covariances that are axes: a workgroup takes a slice of rows, finds the answer of each row
// over all components, and then, four components at a time, sums w·r, w·r·y and w·r·y². The rows come from memory once;
// the second look finds them in the cache. No responsibility leaves the workgroup.
//
// For the sums a thread is one feature (lane) of one group of rows. Float32 runs are 64 rows, then one sum a tile, then
// the groups in order.
//
// With Task.about the answers are there already, and the moments are those of another y, under the model there.
//
// answers = (best, sum) of each row, labels = its component. slots = for each slice [fours][1 + 2d] vec4: counts, and
// for each feature the sums and the squares; then the sum of w·value.

var<workgroup> shared_fours: array<vec4f, THREADS>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let slice = flat(workgroup, grid);
  let begin = slice * part.slice_rows;
  if (begin >= part.rows) {
    return;
  }
  let end = min(begin + part.slice_rows, part.rows);
  let fours = (part.k + 3u) / 4u;
  let slot = (part.slot + slice) * (fours * (1u + 2u * part.d) + 1u);

  var noted = vec2f();
  if (task.about == 0u) {
    for (var row = begin + thread; row < end; row += THREADS) {
      var answer = NOBODY;
      for (var four = 0u; four < fours; four++) {
        let logs = logs_of(row, four);
        for (var i = 0u; i < 4u; i++) {
          consider(&answer, logs[i], 4u * four + i);
        }
      }
      noted += note(row, answer);
    }
  }
  shared_fours[thread] = vec4f(noted, 0.0, 0.0);
  // In pairs: values are all of one sign, and a sum in a row would round each to the whole of them.
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) {
      shared_fours[thread] += shared_fours[thread + half];
    }
  }
  if (thread == 0u) {
    slots[slot + fours * (1u + 2u * part.d)] = shared_fours[0];
  }

  let lanes = task.lanes;
  let groups = THREADS / lanes;
  let group = thread / lanes;
  for (var four = 0u; four < fours; four++) {
    let first = slot + four * (1u + 2u * part.d);
    for (var block = 0u; block < part.d; block += lanes) {
      let lane = block + thread % lanes;
      let at = task.about + four * (3u * part.d + 2u) + 2u + 3u * min(lane, part.d - 1u);
      let high = model[at];
      let factor = model[at + 1u];
      let addend = model[at + 2u];
      var counts = vec4f();
      var sums = vec4f();
      var squares = vec4f();
      for (var tile = begin; tile < end; tile += THREADS) {
        workgroupBarrier();
        shared_fours[thread] = shares_of(tile + thread, end, four);
        workgroupBarrier();
        var run_counts = vec4f();
        var run_sums = vec4f();
        var run_squares = vec4f();
        if (lane < part.d) {
          let stop = min(THREADS, end - tile);
          for (var i = group; i < stop; i += groups) {
            let share = shared_fours[i];
            let y = fma(vec4f(load(tile + i, lane)) - high, factor, addend);
            run_counts += share;
            run_sums = fma(share, y, run_sums);
            run_squares = fma(share * y, y, run_squares);
          }
        }
        counts += run_counts;
        sums += run_sums;
        squares += run_squares;
      }
      let all_counts = over_groups(counts, thread, lanes);
      let all_sums = over_groups(sums, thread, lanes);
      let all_squares = over_groups(squares, thread, lanes);
      if (group == 0u && lane < part.d) {
        if (lane == 0u) {
          slots[first] = all_counts;
        }
        slots[first + 1u + 2u * lane] = all_sums;
        slots[first + 2u + 2u * lane] = all_squares;
      }
    }
  }
}

/// Weighted responsibilities of four components; 0 behind the end of the slice.
fn shares_of(row: u32, end: u32, four: u32) -> vec4f {
  if (row >= end) {
    return vec4f();
  }
  let at = part.shard_row + row;
  let logs = logs_of(row, four);
  let answer = answers[at];
  let label = labels[at];
  let c = 4u * four;
  return weight_of(row) * vec4f(
    share_of(logs.x, c, label, answer), share_of(logs.y, c + 1u, label, answer),
    share_of(logs.z, c + 2u, label, answer), share_of(logs.w, c + 3u, label, answer),
  );
}

/// The sum over the groups, in the threads of the first one.
fn over_groups(values: vec4f, thread: u32, lanes: u32) -> vec4f {
  workgroupBarrier();
  shared_fours[thread] = values;
  workgroupBarrier();
  var sum = vec4f();
  if (thread < lanes) {
    for (var i = thread; i < THREADS; i += lanes) {
      sum += shared_fours[i];
    }
  }
  return sum;
}
