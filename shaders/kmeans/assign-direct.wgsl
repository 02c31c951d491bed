// Nearest centroid for D ≤ 4 features: label = argmin Σ(x − c)², eight rows a thread.
//
// So few features do not pay for a matrix product: the difference costs two operations a term against one, but there
// is nothing to rescore, and the rows stay in registers, a feature of four rows a vector, so that none is calculated with
// that there is not. All threads read the same centroid at once, and each reading serves eight rows: the cache is as good
// as workgroup memory then, and there is no barrier in the loop.
//
// labels [rows of the buffer]; model = centroids [k, d], then norms [k].

@group(0) @binding(3) var<storage, read> model: array<f32>;
@group(0) @binding(4) var<storage, read_write> labels: array<u32>;
@group(0) @binding(5) var<storage, read_write> changed: atomic<u32>;
@group(0) @binding(6) var<storage, read> control: Control;

const THREADS = 64u;
const ROWS = 8u;
var<workgroup> moved: atomic<u32>;

/// The features of four rows, THREADS apart.
struct Four {
  x: vec4f,
  y: vec4f,
  z: vec4f,
  w: vec4f,
}

struct Nearest {
  distance: vec4f,
  label: vec4u,
}

fn feature_of(row: vec4u, j: u32) -> vec4f {
  return vec4f(load(row.x, j), load(row.y, j), load(row.z, j), load(row.w, j));
}

fn four_at(first: u32) -> Four {
  // Threads behind the last row work on it too and write nothing: no branch in the loop.
  let row = min(first + THREADS * vec4u(0u, 1u, 2u, 3u), vec4u(part.rows - 1u));
  var four = Four(feature_of(row, 0u), vec4f(), vec4f(), vec4f());
  if (D > 1u) {
    four.y = feature_of(row, 1u);
  }
  if (D > 2u) {
    four.z = feature_of(row, 2u);
  }
  if (D > 3u) {
    four.w = feature_of(row, 3u);
  }
  return four;
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

fn consider(nearest: ptr<function, Nearest>, four: Four, centroid: vec4f, c: u32) {
  var difference = four.x - centroid.x;
  var distance = difference * difference;
  if (D > 1u) {
    difference = four.y - centroid.y;
    distance = fma(difference, difference, distance);
  }
  if (D > 2u) {
    difference = four.z - centroid.z;
    distance = fma(difference, difference, distance);
  }
  if (D > 3u) {
    difference = four.w - centroid.w;
    distance = fma(difference, difference, distance);
  }
  // Strictly less, in ascending order: a tie keeps the lowest index.
  (*nearest).label = select((*nearest).label, vec4u(c), distance < (*nearest).distance);
  (*nearest).distance = min((*nearest).distance, distance);
}

/// Writes labels of four rows, and counts those that are other ones than before.
fn settle(first: u32, label: vec4u) -> u32 {
  var count = 0u;
  for (var i = 0u; i < 4u; i++) {
    let row = first + i * THREADS;
    if (row < part.rows && labels[part.shard_row + row] != label[i]) {
      labels[part.shard_row + row] = label[i];
      count++;
    }
  }
  return count;
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
  let low = four_at(row);
  let high = four_at(row + 4u * THREADS);
  var nearest_low = Nearest(vec4f(3.4e38), vec4u());
  var nearest_high = nearest_low;
  var c = 0u;
  for (var left = part.k; left > 0u; left--) {
    let centroid = centroid_at(c);
    consider(&nearest_low, low, centroid, c);
    consider(&nearest_high, high, centroid, c);
    c++;
  }
  let count = sum_here(settle(row, nearest_low.label) + settle(row + 4u * THREADS, nearest_high.label));
  if (speaks() && count > 0u) {
    atomicAdd(&moved, count);
  }
  workgroupBarrier();
  if (thread == 0u && atomicLoad(&moved) > 0u) {
    atomicAdd(&changed, atomicLoad(&moved));
  }
}
