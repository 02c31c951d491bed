// Vectors as 8-bit integers, x ≈ scale·q, and what that leaves out: a workgroup a vector. byte-rows.wgsl or
// byte-centroids.wgsl say which vectors.
//
// bytes = [vectors, WORDS], four features to a word, zeros behind the last one.
// records = (scale, rest, length, start): rest ≥ ‖x − scale·q‖ and length ≥ ‖x‖, whatever float32 rounded and lost on the
// way: squares below 2⁻¹²⁶ may be lost, each of D of them; a remainder is off by 2⁻²³ of its value where the product is
// rounded by itself; the sums, runs of at most 16·4 terms and a tree of 64, by far less than 1e-4 of theirs.

const LEVELS = 6u;
const THREADS = 1u << LEVELS;
const WORDS = 4u * ((D + 15u) / 16u);
const ROUNDS = (WORDS + THREADS - 1u) / THREADS;
/// Of the length: beyond what may have underflowed.
const LOST = 1.1e-19 * sqrt(f32(D));
/// Below this a vector is all rest: the product of two scales would underflow, and with it that of any bytes.
const SMALLEST = 1e-15;
var<workgroup> largest: atomic<u32>;
const TREES = 1u;
/// Σ(x − scale·q)² and Σx².
alias Leaf = vec2f;

/// Four features of a vector, from j on.
fn four(i: u32, j: u32) -> vec4f {
  let last = D - 1u;
  let x = vec4f(value(i, min(j, last)), value(i, min(j + 1u, last)), value(i, min(j + 2u, last)), value(i, min(j + 3u, last)));
  return select(vec4f(), x, vec4u(j, j + 1u, j + 2u, j + 3u) < vec4u(D));
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  place: Place,
) {
  let thread = place.thread;
  let i = flat(workgroup, grid);
  if (i >= vectors() || is_idle()) {
    return;
  }
  var most = 0.0;
  for (var turn = 0u; turn < ROUNDS; turn++) {
    let x = abs(four(i, 4u * (thread + THREADS * turn)));
    most = max(most, max(max(x.x, x.y), max(x.z, x.w)));
  }
  // Of floats that are not negative the integers are in the same order.
  atomicMax(&largest, bitcast<u32>(most));
  workgroupBarrier();
  let reach = bitcast<f32>(atomicLoad(&largest));
  let is_small = reach < SMALLEST;
  let scale = select(reach / 127.0, 0.0, is_small);
  let inverse = select(127.0 / max(reach, SMALLEST), 0.0, is_small);
  var squares = vec2f();
  for (var turn = 0u; turn < ROUNDS; turn++) {
    let word = thread + THREADS * turn;
    if (word < WORDS) {
      let x = four(i, 4u * word);
      let q = clamp(round(x * inverse), vec4f(-127.0), vec4f(127.0));
      let rest = x - scale * q;
      squares += vec2f(dot(rest, rest), dot(x, x));
      bytes[place_of(i) * WORDS + word] = pack4xI8(vec4i(q));
    }
  }
  set_leaf(0u, thread, squares);
  let sums = sqrt(root(0u, add_up(place, 0u)));
  if (thread == 0u) {
    let length = 1.0001 * sums.y + LOST;
    let rest = 1.0001 * sums.x + 2.4e-7 * length + LOST;
    records[place_of(i)] = vec4f(marked(scale, reach), rest, length, start_of(i));
  }
}
