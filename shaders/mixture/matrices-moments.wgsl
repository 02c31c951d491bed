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
// off one bank.
//
// answers = (best, sum) of each row, labels = its component. slots = for each slice [k][1 + quads] vec4: the count, the
// sums; then [k or 1][blocks][4]: the rows of the blocks; then the sum of w·value.

var<workgroup> shares: array<f32, THREADS>;

/// y of the rows from `begin` under component c, into the tile. Rows behind the part repeat its last one.
fn whiten(c: u32, begin: u32, workgroup: u32, thread: u32) {
  let last = part.rows - 1u;
  let stride = part.d + 1u;
  settle();
  for (var i = thread; i < task.rows / 4u * part.d; i += THREADS) {
    let j = i % part.d;
    let row = begin + 4u * (i / part.d);
    let values = vec4f(
      load(min(row, last), j), load(min(row + 1u, last), j), load(min(row + 2u, last), j), load(min(row + 3u, last), j),
    );
    tile_put((i / part.d) * stride + j, workgroup, values - model[high_at(c) + j / 4u][j % 4u]);
  }
  settle();
  let width = quads();
  for (var i = thread; i < task.rows / 4u * width; i += THREADS) {
    let quad = i % width;
    let rows = i / width;
    let addend = model[addend_at(c) + quad];
    var y0 = addend;
    var y1 = addend;
    var y2 = addend;
    var y3 = addend;
    let element = factor_at(c) + quad;
    for (var j = 0u; j < min(part.d, 4u * quad + 4u); j++) {
      let x = tile_at(rows * stride + j, workgroup);
      let u = model[element + j * width];
      y0 = fma(x.xxxx, u, y0);
      y1 = fma(x.yyyy, u, y1);
      y2 = fma(x.zzzz, u, y2);
      y3 = fma(x.wwww, u, y3);
    }
    let at = task.rows / 4u * stride + 4u * rows * width + quad;
    tile_put(at, workgroup, y0);
    tile_put(at + width, workgroup, y1);
    tile_put(at + 2u * width, workgroup, y2);
    tile_put(at + 3u * width, workgroup, y3);
  }
  settle();
}

/// Where y of a row of the tile begins.
fn whitened_at(row: u32) -> u32 {
  return task.rows / 4u * (part.d + 1u) + row * quads();
}

/// log π·p of a row of the tile.
fn log_of(c: u32, row: u32, workgroup: u32) -> f32 {
  // Four sums instead of one keep a digit more.
  var squares = vec4f();
  for (var quad = 0u; quad < quads(); quad++) {
    let y = tile_at(whitened_at(row) + quad, workgroup);
    squares = fma(y, y, squares);
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
  let values = part.k * (1u + width) + select(part.k, 1u, is_shared()) * blocks_of(width) * 4u;
  let slot = workgroup * (values + 1u);

  var value = 0.0;
  for (var first = begin; first < end; first += task.rows) {
    var answer = NOBODY;
    for (var c = 0u; c < part.k; c++) {
      whiten(c, first, workgroup, thread);
      if (thread < task.rows) {
        consider(&answer, log_of(c, thread, workgroup), c);
      }
    }
    let row = first + thread;
    if (thread < task.rows && row < end) {
      answers[part.chunk_row + row] = vec2f(answer.best, answer.sum);
      labels[part.chunk_row + row] = answer.label;
      value += weight_of(row) * value_of(answer);
    }
  }
  shares[thread] = value;
  workgroupBarrier();
  if (thread == 0u) {
    var sum = 0.0;
    for (var i = 0u; i < THREADS; i++) {
      sum += shares[i];
    }
    slots[slot + values] = vec4f(sum, 0.0, 0.0, 0.0);
  }

  sum_moments(begin, end, slot, workgroup, thread);
}

/// Whitens a tile of rows for component c, and sets what each of them weighs for it.
fn weigh(c: u32, first: u32, end: u32, workgroup: u32, thread: u32) {
  whiten(c, first, workgroup, thread);
  if (thread < task.rows) {
    let row = first + thread;
    var share = 0.0;
    if (row < end) {
      let at = part.chunk_row + row;
      share = weight_of(row) * share_of(log_of(c, thread, workgroup), c, labels[at], answers[at]);
    }
    shares[thread] = share;
  }
  workgroupBarrier();
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
  for (var row = group; row < task.rows; row += groups) {
    let share = shares[row];
    let left = share * tile_at(whitened_at(row) + corner.x, workgroup);
    let right = tile_at(whitened_at(row) + corner.y, workgroup);
    run.row0 = fma(left.xxxx, right, run.row0);
    run.row1 = fma(left.yyyy, right, run.row1);
    run.row2 = fma(left.zzzz, right, run.row2);
    run.row3 = fma(left.wwww, right, run.row3);
    run.first += left;
    run.count += share;
  }
  return run;
}
