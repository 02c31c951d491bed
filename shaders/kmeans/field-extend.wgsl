// Squared distance of each row to the nearest centroid: distances = min(distances, Σ(x − c)²) over `centroids` [m, d],
// and Σ w·distance of each slice of 1024 rows. FRESH starts from nothing.
// FINE: behind the centroids is what float32 rounds off them, or rows that are near would be off by as much. A workgroup a slice, four rows a thread.

@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read> centroids: array<f32>;
@group(0) @binding(5) var<storage, read_write> distances: array<f32>;
@group(0) @binding(6) var<storage, read_write> totals: array<f32>;

const LEVELS = 8u;
const THREADS = 1u << LEVELS;
const SLICE = 1024u;
const TREES = 1u;
alias Leaf = f32;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  place: Place,
) {
  let thread = place.thread;
  let slice = flat(workgroup, grid);
  if (slice * SLICE >= part.rows) {
    return;
  }
  var sum = 0.0;
  for (var i = 0u; i < SLICE / THREADS; i++) {
    let row = slice * SLICE + i * THREADS + thread;
    if (row >= part.rows) {
      break;
    }
    let at = part.shard_row + row;
    var least = 3.4e38;
    if (!FRESH) {
      least = distances[at];
    }
    var cell = 0u;
    for (var left = part.k; left > 0u; left--) {
      var distance = 0.0;
      var j = 0u;
      for (var terms = part.d; terms > 0u; terms--) {
        var difference = load(row, j) - centroids[cell];
        if (FINE) {
          difference -= centroids[part.k * part.d + cell];
        }
        distance = fma(difference, difference, distance);
        j++;
        cell++;
      }
      least = min(least, distance);
    }
    distances[at] = least;
    sum += select(1.0, weights[select(0u, at, WEIGHTED)], WEIGHTED) * least;
  }
  set_leaf(0u, thread, sum);
  let total = root(0u, add_up(place, 0u));
  if (thread == 0u) {
    totals[part.first_row / SLICE + slice] = total;
  }
}
