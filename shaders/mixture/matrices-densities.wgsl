// log π·p of rows under all components, less the largest offset: logs [rows, 4·⌈k/4⌉].
//
// Whitening is a matrix product, y = (x − m)·U. A workgroup takes 4·TX rows and one component, 4·TY features of y at a time,
// TD terms at a time; a thread takes 4 rows × 4 features of y, so that 16 multiply-adds follow two loads of 16 bytes. Where U
// has nothing but zeros, threads wait: those of a wave have neighbouring features.
//
// Components with a step need three products: the coarse parts of x − m times the coarse part of U, whose sum is exact and
// waits for the others; what these parts lack, times the same; and all of x − m times the rest of U.

@group(0) @binding(3) var<storage, read> model: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> logs: array<f32>;

const THREADS = TX * TY;
const TD = 8u;
/// The padding keeps threads that write neighbouring features off one bank.
const ROWS_STRIDE = TX + 1u;
const ROW_LOADS = (TX * TD + THREADS - 1u) / THREADS;
const FACTOR_LOADS = (TY * TD + THREADS - 1u) / THREADS;

var<workgroup> tile_rows: array<vec4f, ROWS_STRIDE * TD>;
var<workgroup> tile_factors: array<vec4f, TY * TD>;
/// Sums of squares of four rows.
var<workgroup> tile_squares: array<vec4f, THREADS>;
/// Of four rows each, of a component that has a step.
var<workgroup> grids: array<vec4f, TX>;
/// What is exact of the sums of each thread.
var<workgroup> exact: array<Products, select(1u, THREADS, EXACT)>;

/// The parts of x − m, and of U, that are multiplied.
const PLAIN = 0u;
const COARSE = 1u;
const FINE = 2u;
const WHOLE = 3u;

/// Of four rows, four features of y each.
struct Products {
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
  let index = flat(workgroup, grid);
  let c = index % part.k;
  let first_row = index / part.k * 4u * TX;
  if (first_row >= part.rows) {
    return;
  }
  let width = quads();
  var is_exact = false;
  if (EXACT) {
    is_exact = has_step(0u, c);
  }
  if (is_exact) {
    find_grids(c, first_row, thread);
  }
  var first_quad = 0u;
  for (var blocks = (width + TY - 1u) / TY; blocks > 0u; blocks--) {
    let depth = min(part.d, 4u * first_quad + 4u * TY);
    var y = Products();
    var kind = select(PLAIN, COARSE, is_exact);
    for (var kinds = 1u + 2u * kind; kinds > 0u; kinds--) {
      add_products(&y, kind, c, first_row, first_quad, depth, thread);
      if (EXACT && kind == COARSE) {
        exact[thread] = y;
        y = Products();
      }
      kind++;
    }
    let place = place_of(thread);
    let row = first_row + 4u * place.x;
    let quad = first_quad + place.y;
    let addend = model[addend_at(0u, c) + min(quad, width - 1u)];
    y = sum_of(y, Products(addend, addend, addend, addend));
    if (EXACT && kind > WHOLE) {
      y = sum_of(y, exact[thread]);
    }
    y = Products(bounded(y.of_row0), bounded(y.of_row1), bounded(y.of_row2), bounded(y.of_row3));
    if (quad < width) {
      tile_squares[thread] += vec4f(
        dot(y.of_row0, y.of_row0), dot(y.of_row1, y.of_row1), dot(y.of_row2, y.of_row2), dot(y.of_row3, y.of_row3),
      );
      if (row < part.rows) {
        keep(c, row, quad, y.of_row0);
      }
      if (row + 1u < part.rows) {
        keep(c, row + 1u, quad, y.of_row1);
      }
      if (row + 2u < part.rows) {
        keep(c, row + 2u, quad, y.of_row2);
      }
      if (row + 3u < part.rows) {
        keep(c, row + 3u, quad, y.of_row3);
      }
    }
    first_quad += TY;
  }

  workgroupBarrier();
  if (thread < TX) {
    var sum = vec4f();
    for (var i = 0u; i < TY; i++) {
      sum += tile_squares[thread_at(vec2u(thread, i))];
    }
    for (var i = 0u; i < 4u; i++) {
      let at = first_row + 4u * thread + i;
      if (at < part.rows) {
        logs[at * 4u * ((part.k + 3u) / 4u) + c] = density_of(c, sum[i]);
      }
    }
  }
}

/// Adds the products of so many terms of x − m and rows of U.
fn add_products(
  y: ptr<function, Products>,
  kind: u32,
  c: u32,
  first_row: u32,
  first_quad: u32,
  depth: u32,
  thread: u32,
) {
  let place = place_of(thread);
  let last = 4u * (first_quad + place.y) + 3u;
  var first = 0u;
  for (var tiles = (depth + TD - 1u) / TD; tiles > 0u; tiles--) {
    workgroupBarrier();
    bring_rows(c, kind, first_row, first, thread);
    bring_factors(c, kind, first_quad, first, thread);
    workgroupBarrier();
    if (first <= last) {
      // Counted down, and j apart: Mesa would unroll it, and has no registers for that on Intel's.
      var j = 0u;
      for (var left = TD; left > 0u; left--) {
        let x = tile_rows[j % TD * ROWS_STRIDE + place.x];
        let u = tile_factors[j % TD * TY + place.y];
        (*y).of_row0 = fma(x.xxxx, u, (*y).of_row0);
        (*y).of_row1 = fma(x.yyyy, u, (*y).of_row1);
        (*y).of_row2 = fma(x.zzzz, u, (*y).of_row2);
        (*y).of_row3 = fma(x.wwww, u, (*y).of_row3);
        j++;
      }
    }
    first += TD;
  }
}

/// Four rows of the feature of a thread, or of several, into the tile.
fn bring_rows(c: u32, kind: u32, first_row: u32, first: u32, thread: u32) {
  let last = part.rows - 1u;
  for (var i = 0u; i < ROW_LOADS; i++) {
    let at = thread + i * THREADS;
    let place = at / TD;
    if (place < TX) {
      let j = min(first + at % TD, part.d - 1u);
      let row = first_row + 4u * place;
      let x = vec4f(
        load(min(row, last), j), load(min(row + 1u, last), j), load(min(row + 2u, last), j), load(min(row + 3u, last), j),
      );
      let high = model[high_at(0u, c) + j / 4u][j % 4u];
      var term = x - high;
      if (EXACT && kind != PLAIN) {
        let scaled = x * model[inverse_at(0u, c) + j / 4u][j % 4u];
        let whole = round(scaled) - high;
        let coarse = on_grid(whole, grids[place]);
        let fine = (whole - coarse) + (scaled - round(scaled));
        term = select(select(coarse + fine, fine, kind == FINE), coarse, kind == COARSE);
      }
      tile_rows[at % TD * ROWS_STRIDE + place] = select(vec4f(), term, first + at % TD < part.d);
    }
  }
}

/// Rows of U into the tile.
fn bring_factors(c: u32, kind: u32, first_quad: u32, first: u32, thread: u32) {
  let width = quads();
  let factor = select(factor_at(0u, c), rest_at(0u, c), EXACT && kind == WHOLE);
  for (var i = 0u; i < FACTOR_LOADS; i++) {
    let at = thread + i * THREADS;
    if (at < TY * TD) {
      let j = min(first + at / TY, part.d - 1u);
      tile_factors[at] = model[factor + j * width + min(first_quad + at % TY, width - 1u)];
    }
  }
}

/// The grids of the coarse parts of rows.
fn find_grids(c: u32, first_row: u32, thread: u32) {
  for (var i = 0u; i < (4u * TX + THREADS - 1u) / THREADS; i++) {
    let at = thread + i * THREADS;
    if (at < 4u * TX) {
      let row = min(first_row + at, part.rows - 1u);
      var reach = 0.0;
      var j = 0u;
      for (var left = part.d; left > 0u; left--) {
        let scaled = load(row, j) * model[inverse_at(0u, c) + j / 4u][j % 4u];
        reach = max(reach, abs(round(scaled) - model[high_at(0u, c) + j / 4u][j % 4u]));
        j++;
      }
      grids[at / 4u][at % 4u] = grid_of(vec4f(reach), step_of(0u, c)).x;
    }
  }
}

fn sum_of(a: Products, b: Products) -> Products {
  return Products(a.of_row0 + b.of_row0, a.of_row1 + b.of_row1, a.of_row2 + b.of_row2, a.of_row3 + b.of_row3);
}

/// Which four rows and which four features of y are a thread's. Lanes that load 16 bytes in one go get them from few
/// addresses where a neighbour, or the lane after it, wants the same.
fn place_of(thread: u32) -> vec2u {
  return vec2u(thread / 2u % TX, thread % 2u + thread / (2u * TX) * 2u);
}

/// Which thread's they are.
fn thread_at(place: vec2u) -> u32 {
  return 2u * (place.x + place.y / 2u * TX) + place.y % 2u;
}
