// What rows answer to the components, and what they weigh for each: shares [rows, ⌈k/4⌉] vec4 come as log π·p, less the
// largest offset, and become w·r. LANES threads take a row, each every so many fours, a workgroup a block of ROWS.
//
// answers = (best, sum) of each row, labels = its component; with Task.about they are there already. notes = for each block
// of rows the sum of w·value, how many rows are left to the host, and how many have another label than they had; 0.

@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> answers: array<vec2f>;
@group(0) @binding(5) var<storage, read_write> labels: array<u32>;
@group(0) @binding(6) var<storage, read_write> share_fours: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> notes: array<vec4f>;
@group(0) @binding(8) var<uniform> task: Task;

const LANES = 4u;
const ROWS = 64u;
const LEVELS = 6u;
const THREADS = LANES * ROWS;
const TREES = 1u;
/// What is noted of a row.
alias Leaf = vec4f;

var<workgroup> found: array<Answer, THREADS>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  place: Place,
) {
  let thread = place.thread;
  let block = flat(workgroup, grid);
  let first = block * ROWS;
  if (first >= part.rows) {
    return;
  }
  let lane = thread % LANES;
  let row = first + thread / LANES;
  let inside = row < part.rows;
  let at = part.shard_row + row;
  let fours = (part.k + 3u) / 4u;
  let mine = select(0u, (fours + LANES - 1u - lane) / LANES, inside);
  var note = vec4f();
  var answer = NOBODY;
  if (task.about == 0u) {
    var four = lane;
    for (var left = mine; left > 0u; left--) {
      // Not all who write logarithms fill up the last four: with what axes.wgsl gives components that are not there.
      let filled = select(share_fours[row * fours + four], vec4f(-3e37), NEXT + 4u * four >= vec4u(part.k));
      consider_four(&answer, filled, 4u * four);
      four += LANES;
    }
    found[thread] = answer;
    workgroupBarrier();
    if (inside && lane == 0u) {
      for (var i = 1u; i < LANES; i++) {
        join(&answer, found[thread + i]);
      }
      let far = answer.best < -0.5 * FARTHEST;
      answer.label = select(answer.label, FAR, far);
      answers[at] = vec2f(answer.best, answer.sum);
      let moved = f32(labels[at] != answer.label);
      labels[at] = answer.label;
      note = vec4f(select(weight_of(at) * value_of(answer), 0.0, far), f32(far), moved, 0.0);
      found[thread] = answer;
    }
    workgroupBarrier();
    answer = found[thread - lane];
  } else if (inside) {
    answer = Answer(answers[at].x, answers[at].y, labels[at]);
  }
  if (lane == 0u) {
    set_leaf(0u, thread / LANES, note);
  }
  if (inside) {
    let weight = select(weight_of(at), 0.0, answer.label == FAR);
    var four = lane;
    for (var left = mine; left > 0u; left--) {
      share_fours[row * fours + four] = shares_of(share_fours[row * fours + four], 4u * four, answer, weight);
      four += LANES;
    }
  }
  // In pairs: values are all of one sign, and a sum in a row would round each to the whole of them.
  let sum = root(0u, add_up(place, 0u));
  if (thread == 0u) {
    notes[part.slot * (part.slice_rows / ROWS) + block] = sum;
  }
}

const NEXT = vec4u(0u, 1u, 2u, 3u);

fn softened_four(differences: vec4f) -> vec4f {
  return exp(max(differences, vec4f(-200.0 * task.temperature)) * task.inverse);
}

/// The same as four times `consider`, of components from c on.
fn consider_four(answer: ptr<function, Answer>, v: vec4f, c: u32) {
  let best = max(max(v.x, v.y), max(v.z, v.w));
  let places = select(vec4u(4u), NEXT, v == vec4f(best));
  let place = min(min(places.x, places.y), min(places.z, places.w));
  (*answer).label = select((*answer).label, c + place, best > (*answer).best);
  let larger = max((*answer).best, best);
  let shares = softened_four(v - larger);
  (*answer).sum = fma((*answer).sum, softened((*answer).best - larger), (shares.x + shares.y) + (shares.z + shares.w));
  (*answer).best = larger;
}

/// What a row weighs for components from c on, by its own weight.
fn shares_of(v: vec4f, c: u32, answer: Answer, weight: f32) -> vec4f {
  if (task.temperature == 0.0) {
    return select(vec4f(), vec4f(weight), NEXT + c == vec4u(answer.label));
  }
  return softened_four(min(v - answer.best, vec4f())) * (weight / answer.sum);
}

/// What two sets of components get together.
fn join(answer: ptr<function, Answer>, other: Answer) {
  let closer = other.best > (*answer).best || (other.best == (*answer).best && other.label < (*answer).label);
  let share = softened(-abs(other.best - (*answer).best));
  (*answer).sum = select(fma(other.sum, share, (*answer).sum), fma((*answer).sum, share, other.sum), closer);
  (*answer).label = select((*answer).label, other.label, closer);
  (*answer).best = max((*answer).best, other.best);
}

fn weight_of(at: u32) -> f32 {
  let weighted = task.weighted == 1u;
  return select(1.0, weights[select(0u, at, weighted)], weighted);
}
