// Squared distance of each row to the nearest centroid: distances = min(distances, Σ(x − c)²) over `centroids` [m, d],
// and Σ w·distance of each slice of 1024 rows. FRESH starts from nothing.
// FINE: behind the centroids is what float32 rounds off them, or rows that are near would be off by as much. A workgroup a slice, four rows a thread.

@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read> centroids: array<f32>;
@group(0) @binding(5) var<storage, read_write> distances: array<f32>;
@group(0) @binding(6) var<storage, read_write> totals: array<f32>;

const THREADS = 256u;
const SLICE = 1024u;
var<workgroup> partial: array<f32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let slice = flat(workgroup, grid);
  if (slice * SLICE >= part.rows) {
    return;
  }
  var sum = 0.0;
  for (var row = slice * SLICE + thread; row < min((slice + 1u) * SLICE, part.rows); row += THREADS) {
    let at = part.shard_row + row;
    var least = 3.4e38;
    if (!FRESH) {
      least = distances[at];
    }
    for (var c = 0u; c < part.k; c++) {
      var distance = 0.0;
      for (var j = 0u; j < part.d; j++) {
        var difference = load(row, j) - centroids[c * part.d + j];
        if (FINE) {
          difference -= centroids[(part.k + c) * part.d + j];
        }
        distance = fma(difference, difference, distance);
      }
      least = min(least, distance);
    }
    distances[at] = least;
    sum += select(1.0, weights[select(0u, at, WEIGHTED)], WEIGHTED) * least;
  }
  partial[thread] = sum;
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) {
      partial[thread] += partial[thread + half];
    }
  }
  if (thread == 0u) {
    totals[part.first_row / SLICE + slice] = partial[0];
  }
}
