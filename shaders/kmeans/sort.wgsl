// The rows of each slice in the order of their labels, rows of a label in their own order, for sums-sorted.wgsl: a
// workgroup a slice.
//
// A bitonic network, of which all steps but the number are the same for any contents, sorts label · ROWS + place in the
// slice. No two of these are equal: there is one order, and nothing is left to chance. 2^BITS rows are a slice, and labels
// are below 2^(32 − BITS).
//
// sorted = for each slice of the span: [k + 1] starts, [ROWS] rows of the part.

@group(0) @binding(3) var<storage, read> labels: array<u32>;
@group(0) @binding(4) var<storage, read> control: Control;
@group(0) @binding(5) var<storage, read_write> sorted: array<u32>;

const THREADS = 128u;
const ROWS = 1u << BITS;
var<workgroup> keys: array<u32, ROWS>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  if (control.done != 0u) {
    return;
  }
  let slice = flat(workgroup, grid);
  if (slice * part.slice_rows >= part.rows) {
    return;
  }
  let first = slice * ROWS;
  let count = min(ROWS, part.rows - first);
  for (var i = 0u; i < ROWS / THREADS; i++) {
    let place = i * THREADS + thread;
    // Places without a row come last.
    var key = 0xffffffffu;
    if (place < count) {
      key = labels[part.shard_row + first + place] * ROWS + place;
    }
    keys[place] = key;
  }
  for (var stage = 0u; stage < BITS; stage++) {
    // Sorted runs of 2^stage become runs of twice as many: each against the mirror image of the next, then in halves.
    exchange(stage, (2u << stage) - 1u, thread);
    for (var step = stage; step > 0u; step--) {
      exchange(step - 1u, 1u << (step - 1u), thread);
    }
  }
  workgroupBarrier();

  let starts = (part.slot + slice) * (part.k + 1u + ROWS);
  let order = starts + part.k + 1u;
  // Counted by what is there: compilers that unroll this keep all places that they have computed above.
  var place = thread;
  for (var left = (count + THREADS - 1u - thread) / THREADS; left > 0u; left--) {
    sorted[order + place] = first + keys[place % ROWS] % ROWS;
    place += THREADS;
  }
  var c = thread;
  for (var left = (part.k + THREADS - 1u - thread) / THREADS; left > 0u; left--) {
    sorted[starts + c] = start_of(c);
    c += THREADS;
  }
  if (thread == 0u) {
    sorted[starts + part.k] = count;
  }
}

/// Puts pairs of keys in order: those whose places differ by the bits of `apart`, the highest of which is `bit`.
fn exchange(bit: u32, apart: u32, thread: u32) {
  workgroupBarrier();
  for (var i = 0u; i < ROWS / 2u / THREADS; i++) {
    let pair = i * THREADS + thread;
    let low = pair % (1u << bit);
    let a = (2u * pair - low) % ROWS;
    let b = (a ^ apart) % ROWS;
    let x = keys[a];
    let y = keys[b];
    keys[a] = min(x, y);
    keys[b] = max(x, y);
  }
}

/// Rows of the slice with labels below c.
fn start_of(c: u32) -> u32 {
  var start = 0u;
  for (var bit = 0u; bit < BITS; bit++) {
    let next = start + (ROWS >> (bit + 1u));
    start = select(start, next, keys[next - 1u] < c * ROWS);
  }
  return start + select(0u, 1u, keys[start] < c * ROWS);
}
