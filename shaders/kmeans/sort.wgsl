// A stable counting sort of each slice's rows by label, for sums-sorted.wgsl: a workgroup a slice.
//
// Counts are integers, so that atomics may add them in any order; a row's rank among equal labels comes from its
// place in a tile of 256 labels, not from who came first. So the order is the same every time.
//
// sorted = for each slice of the span: [k + 1] starts, [k] cursors, [slice_rows] rows of the part.

@group(0) @binding(3) var<storage, read> labels: array<u32>;
@group(0) @binding(4) var<storage, read> control: Control;
@group(0) @binding(5) var<storage, read_write> sorted: array<atomic<u32>>;

const THREADS = 256u;
var<workgroup> tile: array<u32, THREADS>;

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
  let k = part.k;
  let starts = (part.slot + slice) * (2u * k + 1u + part.slice_rows);
  let cursors = starts + k + 1u;
  let order = cursors + k;
  let first = slice * part.slice_rows;
  let end = min(first + part.slice_rows, part.rows);

  for (var c = thread; c < k; c += THREADS) {
    atomicStore(&sorted[cursors + c], 0u);
  }
  storageBarrier();
  for (var row = first + thread; row < end; row += THREADS) {
    atomicAdd(&sorted[cursors + labels[part.shard_row + row]], 1u);
  }
  storageBarrier();
  scan(thread, k, starts, cursors);
  storageBarrier();

  for (var tile_row = first; tile_row < end; tile_row += THREADS) {
    let row = tile_row + thread;
    let count = min(THREADS, end - tile_row);
    let label = labels[part.shard_row + min(row, end - 1u)];
    tile[thread] = label;
    workgroupBarrier();
    var rank = 0u;
    var later = 0u;
    for (var i = 0u; i < count; i++) {
      if (tile[i] == label) {
        rank += select(0u, 1u, i < thread);
        later += select(0u, 1u, i > thread);
      }
    }
    if (thread < count) {
      atomicStore(&sorted[order + atomicLoad(&sorted[cursors + label]) + rank], row);
    }
    storageBarrier();
    workgroupBarrier();
    if (thread < count && later == 0u) {
      atomicAdd(&sorted[cursors + label], rank + 1u);
    }
    storageBarrier();
  }
}

/// Turns the counts in `cursors` into running starts, in both arrays.
fn scan(thread: u32, k: u32, starts: u32, cursors: u32) {
  let each = (k + THREADS - 1u) / THREADS;
  let begin = min(thread * each, k);
  let to = min(begin + each, k);
  var sum = 0u;
  for (var c = begin; c < to; c++) {
    sum += atomicLoad(&sorted[cursors + c]);
  }
  tile[thread] = sum;
  workgroupBarrier();
  var start = 0u;
  for (var i = 0u; i < thread; i++) {
    start += tile[i];
  }
  for (var c = begin; c < to; c++) {
    let count = atomicLoad(&sorted[cursors + c]);
    atomicStore(&sorted[starts + c], start);
    atomicStore(&sorted[cursors + c], start);
    start += count;
  }
  if (thread == THREADS - 1u) {
    atomicStore(&sorted[starts + k], start);
  }
  workgroupBarrier();
}
