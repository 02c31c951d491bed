// log π·p of rows under all components, less the largest offset: log_fours [rows, ⌈k/4⌉] vec4.
//
// A workgroup takes 4·TX rows and 4·TY components, TD features at a time; a thread takes 4 rows × 4 components, so that 48
// operations follow four loads of 16 bytes. TD, at most 8, is also how many squares add up before they go to the sum: one
// long float32 sum would cost digits of a responsibility.

@group(0) @binding(3) var<storage, read> model: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> log_fours: array<vec4f>;

const THREADS = max(64u, 16u * TY);
const TX = THREADS / TY;
/// The padding keeps threads that write neighbouring features off one bank.
const ROWS_STRIDE = TX + 1u;
const ROW_LOADS = (TX * TD + THREADS - 1u) / THREADS;
const MODEL_LOADS = (TY * TD + THREADS - 1u) / THREADS;

var<workgroup> tile_rows: array<vec4f, ROWS_STRIDE * TD>;
var<workgroup> tile_highs: array<vec4f, TY * TD>;
var<workgroup> tile_factors: array<vec4f, TY * TD>;
var<workgroup> tile_addends: array<vec4f, TY * TD>;

/// Of four rows, for four components each.
struct Squares {
  of_row0: vec4f,
  of_row1: vec4f,
  of_row2: vec4f,
  of_row3: vec4f,
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let fours = (part.k + 3u) / 4u;
  let columns = (fours + TY - 1u) / TY;
  let index = flat(workgroup, grid);
  let first_row = index / columns * 4u * TX;
  let first_four = index % columns * TY;
  if (first_row >= part.rows) {
    return;
  }
  let last = part.rows - 1u;
  let place = place_of(thread);

  var sums = Squares();
  var first = 0u;
  for (var tiles = (part.d + TD - 1u) / TD; tiles > 0u; tiles--) {
    workgroupBarrier();
    for (var i = 0u; i < ROW_LOADS; i++) {
      let at = thread + i * THREADS;
      if (at < TX * TD) {
        let j = min(first + at % TD, part.d - 1u);
        let row = first_row + 4u * (at / TD);
        tile_rows[at % TD * ROWS_STRIDE + at / TD] = vec4f(
          load(min(row, last), j), load(min(row + 1u, last), j), load(min(row + 2u, last), j), load(min(row + 3u, last), j),
        );
      }
    }
    // What a four has of the features of a tile is in one piece. Behind the last feature all y are 0.
    for (var i = 0u; i < MODEL_LOADS; i++) {
      let at = thread + i * THREADS;
      if (at < TY * TD) {
        let j = first + at % TD;
        let place = at % TD * TY + at / TD;
        let origin = feature_at(0u, min(first_four + at / TD, fours - 1u), min(j, part.d - 1u));
        tile_highs[place] = select(vec4f(), model[origin], j < part.d);
        tile_factors[place] = select(vec4f(), model[origin + 1u], j < part.d);
        tile_addends[place] = select(vec4f(), model[origin + 2u], j < part.d);
      }
    }
    workgroupBarrier();
    var run = Squares();
    // Two loops: in one, compilers would clamp in any case, and choose afterwards. Counted up, some would unroll them, and have
    // no registers for that.
    var j = 0u;
    if (model[0].x != 0.0) {
      for (var left = TD; left > 0u; left--) {
        add_squares(&run, j % TD, place, false);
        j++;
      }
    } else {
      for (var left = TD; left > 0u; left--) {
        add_squares(&run, j % TD, place, true);
        j++;
      }
    }
    sums.of_row0 += run.of_row0;
    sums.of_row1 += run.of_row1;
    sums.of_row2 += run.of_row2;
    sums.of_row3 += run.of_row3;
    first += TD;
  }

  let four = first_four + place.y;
  if (four >= fours) {
    return;
  }
  let head = feature_at(0u, four, 0u) - 2u;
  let offset = model[head];
  let sharpness = model[head + 1u];
  let row = first_row + 4u * place.x;
  put(row, four, offset, fma(sharpness, sums.of_row0, offset));
  put(row + 1u, four, offset, fma(sharpness, sums.of_row1, offset));
  put(row + 2u, four, offset, fma(sharpness, sums.of_row2, offset));
  put(row + 3u, four, offset, fma(sharpness, sums.of_row3, offset));
}

fn put(row: u32, four: u32, offset: vec4f, logs: vec4f) {
  if (row < part.rows) {
    log_fours[row * ((part.k + 3u) / 4u) + four] = max(logs, offset - FARTHEST);
  }
}

/// Adds those of a feature of the tile.
fn add_squares(squares: ptr<function, Squares>, j: u32, place: vec2u, clamped: bool) {
  let x = tile_rows[j * ROWS_STRIDE + place.x];
  let at = j * TY + place.y;
  let high = tile_highs[at];
  let factor = tile_factors[at];
  let addend = tile_addends[at];
  var y0 = fma(x.xxxx - high, factor, addend);
  var y1 = fma(x.yyyy - high, factor, addend);
  var y2 = fma(x.zzzz - high, factor, addend);
  var y3 = fma(x.wwww - high, factor, addend);
  if (clamped) {
    y0 = min(abs(y0), vec4f(LARGEST_Y));
    y1 = min(abs(y1), vec4f(LARGEST_Y));
    y2 = min(abs(y2), vec4f(LARGEST_Y));
    y3 = min(abs(y3), vec4f(LARGEST_Y));
  }
  (*squares).of_row0 = fma(y0, y0, (*squares).of_row0);
  (*squares).of_row1 = fma(y1, y1, (*squares).of_row1);
  (*squares).of_row2 = fma(y2, y2, (*squares).of_row2);
  (*squares).of_row3 = fma(y3, y3, (*squares).of_row3);
}

/// Which four rows and which four components are a thread's. Lanes that load 16 bytes in one go get them from few addresses
/// where a neighbour, or the lane after it, wants the same.
fn place_of(thread: u32) -> vec2u {
  if (TY < 4u) {
    return vec2u(thread / TY, thread % TY);
  }
  let x = ((thread >> 1u) & 1u) | ((thread >> 2u) & 14u);
  let y = (thread & 1u) | ((thread >> 1u) & 2u) | ((thread >> 4u) & 12u);
  return vec2u(x % TX, y % TY);
}
