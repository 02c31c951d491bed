// E-step with its moments, for covariances that are matrices: a workgroup takes a slice of rows, whitens them for each
// component, a tile of them at a time, and finds their answers; then it whitens them again, component by component, and sums
// w·r, w·r·y and w·r·yᵀy. The rows come from memory once; the second look finds them in the cache. Whitened moments keep
// the digits that x-space would lose with the condition of the covariance. No responsibility leaves the workgroup.
//
// Whitening is a matrix product: a thread takes 4 rows × 4 features of y, 16 multiply-adds for two loads. For the moments
// a thread takes 4 × 4 blocks of yᵀy, above the diagonal or on it: see matrices-kept.wgsl and matrices-wide.wgsl. Float32
// runs are one tile of rows, then one sum a tile.
//
// The tile holds x − high [rows/4, d + 1], four rows in a vec4, then y [rows, quads]; the padding keeps neighbouring rows
// off one bank. Then, with EXACT and for components that have a step, what x − high lacks [rows/4, d + 1] and the grids [rows/4].
//
// With Task.about the answers are there already, and the moments are those of another y, under the model there.
//
// answers = (best, sum) of each row, labels = its component. slots = for each slice [k][1 + quads] vec4: the count, the
// sums; then [k or 1][blocks][4]: the rows of the blocks; then the sum of w·value.

var<workgroup> shares: array<f32, THREADS>;
var<workgroup> notes: array<vec2f, THREADS>;

/// y of the rows from `begin` under component c, into the tile. Rows behind the part repeat its last one.
fn whiten(base: u32, c: u32, begin: u32, workgroup: u32, thread: u32) {
  let last = part.rows - 1u;
  let stride = part.d + 1u;
  let step = select(0.0, step_of(base, c), EXACT);
  let rests = rests_at();
  settle();
  var i = thread;
  for (var left = turns_of(task.rows / 4u * part.d, thread); left > 0u; left--) {
    let j = i % part.d;
    let row = begin + 4u * (i / part.d);
    let values = vec4f(
      load(min(row, last), j), load(min(row + 1u, last), j), load(min(row + 2u, last), j), load(min(row + 3u, last), j),
    );
    let high = model[high_at(base, c) + j / 4u][j % 4u];
    let at = (i / part.d) * stride + j;
    if (EXACT && step > 0.0) {
      let cut = on_grid(values, vec4f(model[unit_at(base, c) + j / 4u][j % 4u]));
      tile_put(at, workgroup, cut - high);
      tile_put(rests + at, workgroup, values - cut);
    } else {
      tile_put(at, workgroup, values - high);
    }
    i += THREADS;
  }
  settle();
  if (EXACT && step > 0.0) {
    split(base, c, step, workgroup, thread);
    settle();
  }
  let width = quads();
  i = thread;
  for (var turns = turns_of(task.rows / 4u * width, thread); turns > 0u; turns--) {
    let quad = i % width;
    let rows = i / width;
    let addend = model[addend_at(base, c) + quad];
    var y0 = addend;
    var y1 = addend;
    var y2 = addend;
    var y3 = addend;
    var element = factor_at(base, c) + quad;
    var place = rows * stride;
    if (EXACT && step > 0.0) {
      var rest = rest_at(base, c) + quad;
      var exact0 = vec4f();
      var exact1 = vec4f();
      var exact2 = vec4f();
      var exact3 = vec4f();
      for (var left = min(part.d, 4u * quad + 4u); left > 0u; left--) {
        let coarse = tile_at(place, workgroup);
        let fine = tile_at(rests + place, workgroup);
        let x = coarse + fine;
        let u = model[element];
        let v = model[rest];
        exact0 = fma(coarse.xxxx, u, exact0);
        exact1 = fma(coarse.yyyy, u, exact1);
        exact2 = fma(coarse.zzzz, u, exact2);
        exact3 = fma(coarse.wwww, u, exact3);
        y0 = fma(x.xxxx, v, fma(fine.xxxx, u, y0));
        y1 = fma(x.yyyy, v, fma(fine.yyyy, u, y1));
        y2 = fma(x.zzzz, v, fma(fine.zzzz, u, y2));
        y3 = fma(x.wwww, v, fma(fine.wwww, u, y3));
        place++;
        element += width;
        rest += width;
      }
      y0 += exact0;
      y1 += exact1;
      y2 += exact2;
      y3 += exact3;
    } else {
      for (var left = min(part.d, 4u * quad + 4u); left > 0u; left--) {
        let x = tile_at(place, workgroup);
        let u = model[element];
        y0 = fma(x.xxxx, u, y0);
        y1 = fma(x.yyyy, u, y1);
        y2 = fma(x.zzzz, u, y2);
        y3 = fma(x.wwww, u, y3);
        place++;
        element += width;
      }
    }
    let at = whitened_at(4u * rows) + quad;
    tile_put(at, workgroup, y0);
    tile_put(at + width, workgroup, y1);
    tile_put(at + 2u * width, workgroup, y2);
    tile_put(at + 3u * width, workgroup, y3);
    i += THREADS;
  }
  settle();
}

/// Makes coarse parts of the differences in the tile, and adds what these lack to their rests.
fn split(base: u32, c: u32, step: f32, workgroup: u32, thread: u32) {
  let stride = part.d + 1u;
  let rests = rests_at();
  let grids = rests + task.rows / 4u * stride;
  if (thread < task.rows / 4u) {
    var reach = vec4f();
    var j = 0u;
    for (var left = part.d; left > 0u; left--) {
      reach = max(reach, abs(tile_at(thread * stride + j, workgroup)) / model[unit_at(base, c) + j / 4u][j % 4u]);
      j++;
    }
    tile_put(grids + thread, workgroup, grid_of(reach, step));
  }
  settle();
  var i = thread;
  for (var left = turns_of(task.rows / 4u * part.d, thread); left > 0u; left--) {
    let j = i % part.d;
    let at = (i / part.d) * stride + j;
    let difference = tile_at(at, workgroup);
    let grid = tile_at(grids + i / part.d, workgroup) * model[unit_at(base, c) + j / 4u][j % 4u];
    let coarse = on_grid(difference, grid);
    tile_put(at, workgroup, coarse);
    tile_put(rests + at, workgroup, (difference - coarse) + tile_at(rests + at, workgroup));
    i += THREADS;
  }
}

/// How many of `count` things a thread has its turn with.
fn turns_of(count: u32, thread: u32) -> u32 {
  return (count + THREADS - 1u - thread) / THREADS;
}

/// Where y of a row of the tile begins.
fn whitened_at(row: u32) -> u32 {
  return task.rows / 4u * (part.d + 1u) + row * quads();
}

/// Where what x − high lacks lies, for components that have a step.
fn rests_at() -> u32 {
  return whitened_at(task.rows);
}

/// log π·p of a row of the tile.
fn log_of(c: u32, row: u32, workgroup: u32) -> f32 {
  // Four sums instead of one keep a digit more.
  var squares = vec4f();
  var at = whitened_at(row);
  for (var left = quads(); left > 0u; left--) {
    squares = add_squares(tile_at(at, workgroup), squares);
    at++;
  }
  return density_of(c, squares);
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let slice = flat(workgroup_id, grid);
  let begin = slice * part.slice_rows;
  if (begin >= part.rows) {
    return;
  }
  let workgroup = part.slot + slice;
  let end = min(begin + part.slice_rows, part.rows);
  let width = quads();
  let values = part.k * (1u + width) + matrices() * blocks_of(width) * 4u;
  let slot = workgroup * (values + 1u);

  if (task.about == 0u) {
    expect(begin, end, slot + values, workgroup, thread);
  } else if (thread == 0u) {
    slots[slot + values] = vec4f();
  }
  sum_moments(begin, end, slot, workgroup, thread);
}

/// Finds what the rows answer.
fn expect(begin: u32, end: u32, slot: u32, workgroup: u32, thread: u32) {
  var noted = vec2f();
  var first = begin;
  for (var tiles = (end - begin + task.rows - 1u) / task.rows; tiles > 0u; tiles--) {
    var answer = NOBODY;
    var c = 0u;
    for (var left = part.k; left > 0u; left--) {
      whiten(0u, c, first, workgroup, thread);
      if (thread < task.rows) {
        consider(&answer, log_of(c, thread, workgroup), c);
      }
      c++;
    }
    let row = first + thread;
    if (thread < task.rows && row < end) {
      noted += note(row, answer);
    }
    first += task.rows;
  }
  notes[thread] = noted;
  // In pairs: values are all of one sign, and a sum in a row would round each to the whole of them.
  for (var level = 1u; level < 8u; level++) {
    let half = THREADS >> level;
    workgroupBarrier();
    if (thread < half) {
      notes[thread] += notes[thread + half];
    }
  }
  if (thread == 0u) {
    slots[slot] = vec4f(notes[0], 0.0, 0.0);
  }
}

/// Sets what each of a tile of rows weighs for component c, and whitens them for its moments.
fn weigh(c: u32, first: u32, end: u32, workgroup: u32, thread: u32) {
  whiten(0u, c, first, workgroup, thread);
  if (thread < task.rows) {
    let row = first + thread;
    var share = 0.0;
    if (row < end) {
      let at = part.shard_row + row;
      share = weight_of(row) * share_of(log_of(c, thread, workgroup), c, Answer(answers[at].x, answers[at].y, labels[at]));
    }
    shares[thread] = share;
  }
  if (task.about == 0u) {
    workgroupBarrier();
  } else {
    whiten(task.about, c, first, workgroup, thread);
  }
}

/// Blocks on or above the diagonal.
fn blocks_of(width: u32) -> u32 {
  return width * (width + 1u) / 2u;
}

/// Row and column of a block on or above the diagonal. A row of blocks and the last but so many have width + 1 together.
fn corner_of(block: u32, width: u32) -> vec2u {
  let row = block / (width + 1u);
  let place = block % (width + 1u);
  let length = width - row;
  if (place < length) {
    return vec2u(row, row + place);
  }
  return vec2u(width - 1u - row, width - 1u - row + place - length);
}

/// What every `groups`-th row of the tile weighs.
fn sums_of(corner: vec2u, group: u32, groups: u32, workgroup: u32) -> Sums {
  var run = Sums();
  var row = group;
  for (var left = (task.rows - min(group, task.rows) + groups - 1u) / groups; left > 0u; left--) {
    let share = shares[row];
    let weighed = share * tile_at(whitened_at(row) + corner.x, workgroup);
    let right = tile_at(whitened_at(row) + corner.y, workgroup);
    run.row0 = fma(weighed.xxxx, right, run.row0);
    run.row1 = fma(weighed.yyyy, right, run.row1);
    run.row2 = fma(weighed.zzzz, right, run.row2);
    run.row3 = fma(weighed.wwww, right, run.row3);
    run.first += weighed;
    run.count += share;
    row += groups;
  }
  return run;
}
