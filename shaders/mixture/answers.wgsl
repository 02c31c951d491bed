// What rows answer to the components, and what they weigh for each: shares [rows, 4·⌈k/4⌉] come as log π·p, less the largest
// offset, and become w·r. LANES threads take a row, a workgroup a block of ROWS.
//
// answers = (best, sum) of each row, labels = its component; with Task.about they are there already. notes = for each block
// of rows the sum of w·value, how many rows are left to the host, and how many have another label than they had; 0.

@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> answers: array<vec2f>;
@group(0) @binding(5) var<storage, read_write> labels: array<u32>;
@group(0) @binding(6) var<storage, read_write> shares: array<f32>;
@group(0) @binding(7) var<storage, read_write> notes: array<vec4f>;
@group(0) @binding(8) var<uniform> task: Task;

const THREADS = 256u;
const ROWS = 64u;
const GROUPS = THREADS / LANES;
const TREES = 1u;
const LEVELS = 6u;
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
  let width = 4u * ((part.k + 3u) / 4u);
  if (thread < ROWS) {
    set_leaf(0u, thread, vec4f());
  }
  for (var round = 0u; round < (ROWS + GROUPS - 1u) / GROUPS; round++) {
    let leaf = round * GROUPS + thread / LANES;
    let row = first + leaf;
    let inside = leaf < ROWS && row < part.rows;
    let at = part.shard_row + row;
    let begin = row * width;
    var answer = NOBODY;
    if (task.about == 0u) {
      var own = NOBODY;
      if (inside) {
        var c = lane;
        for (var left = (part.k + LANES - 1u - lane) / LANES; left > 0u; left--) {
          consider(&own, shares[begin + c], c);
          c += LANES;
        }
      }
      workgroupBarrier();
      found[thread] = own;
      workgroupBarrier();
      if (inside && lane == 0u) {
        for (var i = 1u; i < LANES; i++) {
          join(&own, found[thread + i]);
        }
        if (own.best < -0.5 * FARTHEST) {
          own.label = FAR;
        }
        answers[at] = vec2f(own.best, own.sum);
        let far = own.label == FAR;
        let moved = f32(labels[at] != own.label);
        labels[at] = own.label;
        set_leaf(0u, leaf, vec4f(select(weight_of(at) * value_of(own), 0.0, far), f32(far), moved, 0.0));
        found[thread] = own;
      }
      workgroupBarrier();
      answer = found[thread - lane];
    } else if (inside) {
      answer = Answer(answers[at].x, answers[at].y, labels[at]);
    }
    if (inside) {
      let weight = weight_of(at);
      var c = lane;
      for (var left = (width + LANES - 1u - lane) / LANES; left > 0u; left--) {
        let share = share_of(shares[begin + c], c, answer);
        shares[begin + c] = select(0.0, weight * share, c < part.k);
        c += LANES;
      }
    }
  }
  // In pairs: values are all of one sign, and a sum in a row would round each to the whole of them.
  let note = root(0u, add_up(place, 0u));
  if (thread == 0u) {
    notes[part.slot * (part.slice_rows / ROWS) + block] = note;
  }
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
