// Step t of greedy k-means++, first half: settles the row of step t − 1 and draws the candidates of step t.
//
// A workgroup a candidate. Each finds the best candidate of the step before (the least total, ties to the first),
// draws a slice by the totals that this candidate left, then a row of the slice by weight × squared distance. Two
// numbers a draw keep the resolution of float32 out of the odds of a single row. Never a row of potential zero.
// Every buffer of the points has a dispatch of its own; the one that holds the drawn slice does the work.
//
// distances [rows of the buffer] do not know the row of step t − 1 yet: done here for the slice in hand.
// candidates = two sets, for even and odd steps, of L rows [d]. picks = chosen rows [k + 1], then the candidates'
// rows [2, L]. prices = [L] for each slice of the dataset. draws [k, L, 2].

struct Step {
  step: u32,
  slices: u32,  // of the dataset
  k: u32,
}

@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read> distances: array<f32>;
@group(0) @binding(5) var<storage, read_write> candidates: array<f32>;
@group(0) @binding(6) var<storage, read_write> picks: array<u32>;
@group(0) @binding(7) var<storage, read> prices: array<f32>;
@group(0) @binding(8) var<storage, read> draws: array<f32>;
@group(0) @binding(9) var<uniform> now: Step;

const THREADS = 64u;
const SLICE = 1024u;
const EACH = SLICE / THREADS;
var<workgroup> totals: array<f32, L * THREADS>;
var<workgroup> partial: array<f32, THREADS>;
var<workgroup> potentials: array<f32, SLICE>;
var<workgroup> best: u32;
var<workgroup> found: u32;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let l = workgroup.x;
  let before = ((now.step + 1u) % 2u) * L;
  let here = (now.step % 2u) * L;
  find_best(thread);
  let chosen = workgroupUniformLoad(&best);
  if (l == 0u && thread == 0u && now.step > 0u) {
    picks[now.step - 1u] = picks[now.k + 1u + before + chosen];
  }
  if (now.step >= now.k) {
    return;
  }
  // The first step draws one row by weight; its candidates are all the same.
  let at = 2u * (now.step * L + select(l, 0u, now.step == 0u));
  find_slice(thread, chosen, draws[at]);
  let slice = workgroupUniformLoad(&found);
  let first = slice * SLICE;
  if (first < part.first_row || first >= part.first_row + part.rows) {
    return;
  }
  let start = first - part.first_row;
  let end = min(start + SLICE, part.rows);
  for (var e = 0u; e < EACH; e++) {
    let i = e * THREADS + thread;
    var potential = 0.0;
    if (start + i < end) {
      potential = potential_of(start + i, before + chosen);
    }
    potentials[i] = potential;
  }
  find_row(thread, draws[at + 1u]);
  let inside = workgroupUniformLoad(&found);
  // Where every row lies on a chosen one, one more of them is as good as any.
  let exhausted = inside == SLICE;
  var j = thread;
  for (var left = (part.d + THREADS - 1u - thread) / THREADS; left > 0u; left--) {
    var x = 0.0;
    if (exhausted) {
      x = candidates[(before + chosen) * part.d + j];
    } else {
      x = load(start + inside, j);
    }
    candidates[(here + l) * part.d + j] = x;
    j += THREADS;
  }
  if (thread == 0u) {
    var row = first + inside;
    if (exhausted) {
      row = picks[now.k + 1u + before + chosen];
    }
    picks[now.k + 1u + here + l] = row;
  }
}

/// Weight × squared distance to the nearest chosen row, the newest one among them.
fn potential_of(row: u32, newest: u32) -> f32 {
  let at = part.shard_row + row;
  let weight = select(1.0, weights[select(0u, at, WEIGHTED)], WEIGHTED);
  if (now.step == 0u) {
    return weight;
  }
  var distance = 0.0;
  var j = 0u;
  for (var left = part.d; left > 0u; left--) {
    let difference = load(row, j) - candidates[newest * part.d + j];
    distance = fma(difference, difference, distance);
    j++;
  }
  return weight * min(distances[at], distance);
}

/// The candidate of the step before that leaves the least, in the order of the candidates.
fn find_best(thread: u32) {
  for (var l = 0u; l < L; l++) {
    var sum = 0.0;
    var slice = thread;
    for (var left = (now.slices + THREADS - 1u - thread) / THREADS; left > 0u; left--) {
      sum += prices[slice * L + l];
      slice += THREADS;
    }
    totals[l * THREADS + thread] = sum;
  }
  workgroupBarrier();
  if (thread == 0u) {
    var least = 3.4e38;
    for (var l = 0u; l < L; l++) {
      var total = 0.0;
      for (var i = 0u; i < THREADS; i++) {
        total += totals[l * THREADS + i];
      }
      if (total < least) {
        least = total;
        best = l;
      }
    }
  }
}

struct Place {
  thread: u32,        // whose block it is
  before: f32,        // the sum of the blocks before it
  target_sum: f32,
}

/// The block, among the threads' partial sums, in which the running sum passes a share of the whole; where rounding
/// hides it, the last one that is positive.
fn find_block(share: f32) -> Place {
  var total = 0.0;
  for (var i = 0u; i < THREADS; i++) {
    total += partial[i];
  }
  var place = Place(0u, 0.0, share * total);
  var running = 0.0;
  for (var i = 0u; i < THREADS; i++) {
    if (partial[i] > 0.0) {
      place.thread = i;
      place.before = running;
      running += partial[i];
      if (running > place.target_sum) {
        break;
      }
    }
  }
  return place;
}

/// The slice in which the running total passes the share u of the whole.
fn find_slice(thread: u32, chosen: u32, u: f32) {
  let each = (now.slices + THREADS - 1u) / THREADS;
  var slice = min(thread * each, now.slices);
  var sum = 0.0;
  for (var left = min(each, now.slices - slice); left > 0u; left--) {
    sum += prices[slice * L + chosen];
    slice++;
  }
  partial[thread] = sum;
  workgroupBarrier();
  if (thread == 0u) {
    let place = find_block(u);
    var running = place.before;
    found = 0u;
    slice = min(place.thread * each, now.slices);
    for (var left = min(each, now.slices - slice); left > 0u; left--) {
      let price = prices[slice * L + chosen];
      if (price > 0.0) {
        found = slice;
        running += price;
        if (running > place.target_sum) {
          break;
        }
      }
      slice++;
    }
  }
}

/// The place in the slice at which the running potential passes the share v; SLICE where there is none.
fn find_row(thread: u32, v: f32) {
  workgroupBarrier();
  var sum = 0.0;
  for (var e = 0u; e < EACH; e++) {
    sum += potentials[thread * EACH + e];
  }
  partial[thread] = sum;
  workgroupBarrier();
  if (thread == 0u) {
    let place = find_block(v);
    var running = place.before;
    found = SLICE;
    for (var e = 0u; e < EACH; e++) {
      let i = place.thread * EACH + e;
      if (potentials[i] > 0.0) {
        found = i;
        running += potentials[i];
        if (running > place.target_sum) {
          break;
        }
      }
    }
  }
}
