// Nearest centroid for D ≤ 4 features: label = argmin Σ(x − c)², four rows a thread.
//
// So few features do not pay for a matrix product: the difference costs two operations a term against one, but there
// is nothing to rescore, and the rows stay in registers. All threads read the same centroid at once, and each reading
// serves four rows: the cache is as good as workgroup memory then, and there is no barrier in the loop.
//
// labels [rows of the buffer]; model = centroids [k, d], then norms [k].

@group(0) @binding(3) var<storage, read> model: array<f32>;
@group(0) @binding(4) var<storage, read_write> labels: array<u32>;
@group(0) @binding(5) var<storage, read_write> changed: atomic<u32>;
@group(0) @binding(6) var<storage, read> control: Control;

const THREADS = 64u;
const ROWS = 4u;
var<workgroup> moved: atomic<u32>;

struct Nearest {
  distance: f32,
  label: u32,
}

fn row_at(row: u32) -> vec4f {
  // Threads behind the last row work on it too and write nothing: no branch in the loop.
  let source = min(row, part.rows - 1u);
  var x = vec4f(load(source, 0u), 0.0, 0.0, 0.0);
  if (D > 1u) {
    x.y = load(source, 1u);
  }
  if (D > 2u) {
    x.z = load(source, 2u);
  }
  if (D > 3u) {
    x.w = load(source, 3u);
  }
  return x;
}

fn centroid_at(c: u32) -> vec4f {
  var x = vec4f(model[c * D], 0.0, 0.0, 0.0);
  if (D > 1u) {
    x.y = model[c * D + 1u];
  }
  if (D > 2u) {
    x.z = model[c * D + 2u];
  }
  if (D > 3u) {
    x.w = model[c * D + 3u];
  }
  return x;
}

fn consider(nearest: Nearest, x: vec4f, centroid: vec4f, c: u32) -> Nearest {
  let difference = x - centroid;
  let distance = dot(difference, difference);
  // Strictly less, in ascending order: a tie keeps the lowest index.
  if (distance < nearest.distance) {
    return Nearest(distance, c);
  }
  return nearest;
}

/// Writes a row's label; 1 where it is another one than before.
fn settle(row: u32, label: u32) -> u32 {
  if (row >= part.rows || labels[part.shard_row + row] == label) {
    return 0u;
  }
  labels[part.shard_row + row] = label;
  return 1u;
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  if (control.done != 0u) {
    return;
  }
  let row = flat(workgroup, grid) * THREADS * ROWS + thread;
  let x0 = row_at(row);
  let x1 = row_at(row + THREADS);
  let x2 = row_at(row + 2u * THREADS);
  let x3 = row_at(row + 3u * THREADS);
  var n0 = Nearest(3.4e38, 0u);
  var n1 = n0;
  var n2 = n0;
  var n3 = n0;
  for (var c = 0u; c < part.k; c++) {
    let centroid = centroid_at(c);
    n0 = consider(n0, x0, centroid, c);
    n1 = consider(n1, x1, centroid, c);
    n2 = consider(n2, x2, centroid, c);
    n3 = consider(n3, x3, centroid, c);
  }
  let count = settle(row, n0.label) + settle(row + THREADS, n1.label)
    + settle(row + 2u * THREADS, n2.label) + settle(row + 3u * THREADS, n3.label);
  if (count > 0u) {
    atomicAdd(&moved, count);
  }
  workgroupBarrier();
  if (thread == 0u && atomicLoad(&moved) > 0u) {
    atomicAdd(&changed, atomicLoad(&moved));
  }
}
