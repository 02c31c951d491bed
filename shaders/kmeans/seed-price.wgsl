// Step t of greedy k-means++, second half: what each candidate would leave. One reading of the points.
//
// A workgroup a slice of 1024 rows, 16 rows a thread: extends the distances by the row chosen in step t − 1, then
// prices[slice][l] = Σ w·min(distance, ‖x − candidate l‖²), summed in one fixed order. Step 0 has no chosen row and
// no distances: START fills both, and prices every row by its weight.

struct Step {
  step: u32,
  slices: u32,
  k: u32,
}

@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> distances: array<f32>;
@group(0) @binding(5) var<storage, read> candidates: array<f32>;
@group(0) @binding(6) var<storage, read> picks: array<u32>;
@group(0) @binding(7) var<storage, read_write> prices: array<f32>;
@group(0) @binding(8) var<uniform> now: Step;

const THREADS = 64u;
const SLICE = 1024u;
const SHARES = 16u;
var<workgroup> partial: array<f32, L * THREADS>;
var<workgroup> shares: array<f32, L * SHARES>;

fn distance_to(row: u32, candidate: u32) -> f32 {
  var distance = 0.0;
  var j = 0u;
  for (var left = part.d; left > 0u; left--) {
    let difference = load(row, j) - candidates[candidate * part.d + j];
    distance = fma(difference, difference, distance);
    j++;
  }
  return distance;
}

/// The candidate of step t − 1 that was chosen: the first whose row was picked.
fn newest() -> u32 {
  let before = ((now.step + 1u) % 2u) * L;
  for (var l = 0u; l < L; l++) {
    if (picks[now.k + 1u + before + l] == picks[now.step - 1u]) {
      return before + l;
    }
  }
  return before;
}

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
  var sums: array<f32, L>;
  var chosen = 0u;
  if (!START && now.step > 0u) {
    chosen = newest();
  }
  for (var e = 0u; e < SLICE / THREADS; e++) {
    let row = slice * SLICE + e * THREADS + thread;
    if (row >= part.rows) {
      break;
    }
    let at = part.shard_row + row;
    let weight = select(1.0, weights[select(0u, at, WEIGHTED)], WEIGHTED);
    if (START) {
      distances[at] = 3.4e38;
      for (var l = 0u; l < L; l++) {
        sums[l] += weight;
      }
    } else {
      var distance = distances[at];
      if (now.step > 0u) {
        distance = min(distance, distance_to(row, chosen));
        distances[at] = distance;
      }
      for (var l = 0u; l < L; l++) {
        sums[l] += weight * min(distance, distance_to(row, (now.step % 2u) * L + l));
      }
    }
  }
  for (var l = 0u; l < L; l++) {
    partial[l * THREADS + thread] = sums[l];
  }
  workgroupBarrier();
  for (var e = 0u; e < (L * SHARES + THREADS - 1u) / THREADS; e++) {
    let i = e * THREADS + thread;
    if (i >= L * SHARES) {
      break;
    }
    var sum = 0.0;
    for (var t = 0u; t < THREADS / SHARES; t++) {
      sum += partial[i * (THREADS / SHARES) + t];
    }
    shares[i] = sum;
  }
  workgroupBarrier();
  if (thread < L) {
    var sum = 0.0;
    for (var i = 0u; i < SHARES; i++) {
      sum += shares[thread * SHARES + i];
    }
    prices[(part.first_row / SLICE + slice) * L + thread] = sum;
  }
}
