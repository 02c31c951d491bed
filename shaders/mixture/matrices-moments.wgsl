// The moments of covariances that are matrices: for each component the sums of w·r and of w·r·y, and for each matrix those
// of w·r·yᵀy. Whitened moments keep the digits that x-space would lose with the condition of the covariance.
//
// That is a product over rows. A workgroup takes a slice, a matrix and SIDE × SIDE of its blocks of 4 × 4, or where all of
// them have room, those on the diagonal or above; a thread takes a block, so that 16 multiply-adds follow two loads of 16
// bytes. Where blocks are few, GROUPS of threads take rows of their own, and add up in a tree.
//
// Float32 runs are RUN rows, at most 32, then one sum a tile; those of w·r and w·r·y are what a thread brings of a slice.
//
// shares = w·r of the part's rows [rows, 4·⌈k/4⌉], whitened = y [k, rows, quads]. slots = for each slice [k][1 + quads] vec4:
// the count, the sums; then [k or 1][blocks][4]: the rows of the blocks; then the sum of what is noted of its blocks of rows.

@group(0) @binding(3) var<storage, read> whitened: array<vec4f>;
@group(0) @binding(4) var<storage, read> shares: array<f32>;
@group(0) @binding(5) var<storage, read> notes: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> slots: array<vec4f>;

const THREADS = BLOCKS * GROUPS;
/// Rows of a tile.
const ROWS = RUN * GROUPS;
/// Rows that are brought at a time, a quad a thread: as many each time.
const TURNS = (ROWS + THREADS / SIDE - 1u) / (THREADS / SIDE);
const BROUGHT = (ROWS + TURNS - 1u) / TURNS;

/// These are at least as many as there are threads.
var<workgroup> tile_weighed: array<vec4f, ROWS * SIDE>;
var<workgroup> tile_plain: array<vec4f, ROWS * SIDE>;

/// What each thread brought of a component: the sums, and the counts of rows. Here, because Intel's have no registers for them.
var<workgroup> brought_sums: array<vec4f, BROUGHT * SIDE>;
var<workgroup> brought_counts: array<f32, BROUGHT>;

/// The rows of a block.
struct Block {
  row0: vec4f,
  row1: vec4f,
  row2: vec4f,
  row3: vec4f,
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let width = (part.d + 3u) / 4u;
  let sides = (width + SIDE - 1u) / SIDE;
  let tiles = sides * (sides + 1u) / 2u;
  let matrices = select(part.k, 1u, SHARED);
  let index = flat(workgroup, grid);
  let slice = index / (tiles * matrices);
  let matrix = index / tiles % matrices;
  let begin = slice * part.slice_rows;
  if (begin >= part.rows) {
    return;
  }
  let end = min(begin + part.slice_rows, part.rows);
  let blocks = width * (width + 1u) / 2u;
  let firsts = part.k * (1u + width);
  let cells = firsts + matrices * blocks * 4u + 1u;
  let slot = (part.slot + slice) * cells;
  if (index % (tiles * matrices) == 0u) {
    sum_notes(slot + cells - 1u, part.slot + slice, end - begin, thread);
  }

  let corner = SIDE * corner_of(index % tiles, sides);
  var sums = Block();
  var c = matrix;
  for (var components = select(1u, part.k, SHARED); components > 0u; components--) {
    if (thread < BROUGHT * SIDE) {
      brought_sums[thread] = vec4f();
      if (thread % SIDE == 0u) {
        brought_counts[thread / SIDE] = 0.0;
      }
    }
    var first = begin;
    for (var turns = (end - begin + ROWS - 1u) / ROWS; turns > 0u; turns--) {
      workgroupBarrier();
      if (thread < BROUGHT * SIDE) {
        var count = 0.0;
        var sum = vec4f();
        for (var i = 0u; i < TURNS; i++) {
          let place = i * BROUGHT + thread / SIDE;
          if (place < ROWS) {
            let quad = thread % SIDE;
            let row = min(first + place, end - 1u);
            let origin = (c * part.rows + row) * width;
            let share = select(0.0, shares[row * 4u * ((part.k + 3u) / 4u) + c], first + place < end);
            let weighed = share * whitened[origin + min(corner.x + quad, width - 1u)];
            tile_weighed[place * SIDE + quad] = weighed;
            tile_plain[place * SIDE + quad] = whitened[origin + min(corner.y + quad, width - 1u)];
            count += share;
            sum += weighed;
          }
        }
        brought_sums[thread] += sum;
        if (thread % SIDE == 0u) {
          brought_counts[thread / SIDE] += count;
        }
      }
      workgroupBarrier();
      var run = Block();
      let place = place_of(thread);
      if (is_wanted(corner + place, width)) {
        let group = thread / BLOCKS;
        var i = 0u;
        // Rows behind the slice weigh nothing. In this form Mesa leaves the loop as it is: it has no registers for more rows
        // on Intel's; NVIDIA's compiler unrolls it.
        for (var rows = RUN; rows > 0u; rows--) {
          let row = i % RUN * GROUPS + group;
          let left = tile_weighed[row * SIDE + place.x];
          let right = tile_plain[row * SIDE + place.y];
          run.row0 = fma(left.xxxx, right, run.row0);
          run.row1 = fma(left.yyyy, right, run.row1);
          run.row2 = fma(left.zzzz, right, run.row2);
          run.row3 = fma(left.wwww, right, run.row3);
          i++;
        }
      }
      sums.row0 += run.row0;
      sums.row1 += run.row1;
      sums.row2 += run.row2;
      sums.row3 += run.row3;
      first += ROWS;
    }
    if (corner.x == corner.y) {
      let count = over_groups(vec4f(brought_counts[min(thread / SIDE, BROUGHT - 1u)]), thread, SIDE, BROUGHT).x;
      let sum = over_groups(brought_sums[min(thread, BROUGHT * SIDE - 1u)], thread, SIDE, BROUGHT);
      let at = slot + c * (1u + width);
      let quad = thread % SIDE;
      if (thread == 0u && corner.x == 0u) {
        slots[at] = vec4f(count, 0.0, 0.0, 0.0);
      }
      if (thread < SIDE && corner.x + quad < width) {
        slots[at + 1u + corner.x + quad] = sum;
      }
    }
    c++;
  }
  sums.row0 = over_groups(sums.row0, thread, BLOCKS, GROUPS);
  sums.row1 = over_groups(sums.row1, thread, BLOCKS, GROUPS);
  sums.row2 = over_groups(sums.row2, thread, BLOCKS, GROUPS);
  sums.row3 = over_groups(sums.row3, thread, BLOCKS, GROUPS);
  let block = corner + place_of(thread);
  if (thread < BLOCKS && is_wanted(block, width)) {
    let at = slot + firsts + (matrix * blocks + block_of(block.x, block.y, width)) * 4u;
    slots[at] = sums.row0;
    slots[at + 1u] = sums.row1;
    slots[at + 2u] = sums.row2;
    slots[at + 3u] = sums.row3;
  }
}

/// Which block of a tile is a thread's.
fn place_of(thread: u32) -> vec2u {
  let lane = thread % BLOCKS;
  return select(corner_of(lane, SIDE), vec2u(lane / SIDE, lane % SIDE), BLOCKS == SIDE * SIDE);
}

/// Whether a block is there, and on the diagonal or above.
fn is_wanted(block: vec2u, width: u32) -> bool {
  return block.x <= block.y && block.y < width;
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

/// The block of a row and a column.
fn block_of(row: u32, column: u32, width: u32) -> u32 {
  let fold = width - 1u - row;
  return select(fold * (width + 1u) + width - fold, row * (width + 1u), row < (width + 1u) / 2u) + column - row;
}
