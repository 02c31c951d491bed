// E-step with its moments, for covariances that are matrices of up to four features: y of a row is one vec4, and a thread
// takes whole rows. It finds their answers over all components; then, component by component, it sums w·r, w·r·y and w·r·yᵀy
// of its rows in registers, and the threads' sums come together in a tree. The rows come from memory once; the second look
// finds them in the cache. Float32 runs are at most 64 rows.
//
// answers and slots are those of matrices-moments.wgsl, with one block.

fn whitened(c: u32, row: u32) -> vec4f {
  let high = model[high_at(c)];
  let factor = factor_at(c);
  var y = model[addend_at(c)];
  for (var j = 0u; j < part.d; j++) {
    y = fma(vec4f(load(row, j) - high[j]), model[factor + j], y);
  }
  return y;
}

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
  let squares = 2u * part.k;
  let values = squares + 4u * select(part.k, 1u, is_shared());
  let slot = (part.slot + slice) * (values + 1u);

  var value = 0.0;
  for (var row = begin + thread; row < end; row += THREADS) {
    var answer = NOBODY;
    for (var c = 0u; c < part.k; c++) {
      let y = whitened(c, row);
      consider(&answer, density_of(c, y * y), c);
    }
    answers[part.chunk_row + row] = vec2f(answer.best, answer.sum);
    labels[part.chunk_row + row] = answer.label;
    value += weight_of(row) * value_of(answer);
  }
  var of_values = Sums();
  of_values.count = value;
  let sum = over_groups(of_values, thread, 1u, THREADS, false);
  if (thread == 0u) {
    slots[slot + values] = vec4f(sum.count, 0.0, 0.0, 0.0);
  }

  var all = Sums();
  for (var c = 0u; c < part.k; c++) {
    var run = Sums();
    for (var row = begin + thread; row < end; row += THREADS) {
      let at = part.chunk_row + row;
      let y = whitened(c, row);
      let share = weight_of(row) * share_of(density_of(c, y * y), c, labels[at], answers[at]);
      let left = share * y;
      run.row0 = fma(left.xxxx, y, run.row0);
      run.row1 = fma(left.yyyy, y, run.row1);
      run.row2 = fma(left.zzzz, y, run.row2);
      run.row3 = fma(left.wwww, y, run.row3);
      run.first += left;
      run.count += share;
    }
    add(&all, run);
    let total = over_groups(run, thread, 1u, THREADS, !is_shared());
    if (thread == 0u) {
      slots[slot + 2u * c] = vec4f(total.count, 0.0, 0.0, 0.0);
      slots[slot + 2u * c + 1u] = total.first;
      if (!is_shared()) {
        write_block(slot + squares + 4u * c, total);
      }
    }
  }
  if (is_shared()) {
    let total = over_groups(all, thread, 1u, THREADS, true);
    if (thread == 0u) {
      write_block(slot + squares, total);
    }
  }
}
