// Nearest centroid for D ≤ 4 features: label = argmin Σ(x − c)², a row a thread.
//
// So few features do not pay for a matrix product: the difference costs two operations a term against one, but there
// is nothing to rescore, and the row stays in a register. Centroids pass through workgroup memory, 256 at a time
// (4 KiB), where all threads read the same one at once.
//
// labels [rows of the buffer]; model = centroids [k, d], then norms [k], then the largest norm.

@group(0) @binding(3) var<storage, read> model: array<f32>;
@group(0) @binding(4) var<storage, read_write> labels: array<u32>;
@group(0) @binding(5) var<storage, read_write> changed: atomic<u32>;
@group(0) @binding(6) var<storage, read> control: Control;

const THREADS = 256u;
var<workgroup> tile: array<vec4f, THREADS>;
var<workgroup> moved: atomic<u32>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  if (control.done != 0u) {
    return;
  }
  let row = flat(workgroup, grid) * THREADS + thread;
  // Threads behind the last row work on it too and write nothing: no branch in the loop.
  let source = min(row, part.rows - 1u);
  var x = vec4f();
  for (var j = 0u; j < D; j++) {
    x[j] = load(source, j);
  }
  var best = 3.4e38;
  var label = 0u;
  for (var first = 0u; first < part.k; first += THREADS) {
    workgroupBarrier();
    var c = vec4f();
    for (var j = 0u; j < D; j++) {
      c[j] = model[min(first + thread, part.k - 1u) * D + j];
    }
    tile[thread] = c;
    workgroupBarrier();
    let count = min(THREADS, part.k - first);
    for (var i = 0u; i < count; i++) {
      let difference = x - tile[i];
      let distance = dot(difference, difference);
      if (distance < best) {
        best = distance;
        label = first + i;
      }
    }
  }
  if (row < part.rows && labels[part.chunk_row + row] != label) {
    labels[part.chunk_row + row] = label;
    atomicAdd(&moved, 1u);
  }
  workgroupBarrier();
  if (thread == 0u) {
    atomicAdd(&changed, atomicLoad(&moved));
  }
}
