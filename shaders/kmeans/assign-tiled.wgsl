// Nearest centroid as a matrix product with the argmin fused in: score = x·c − ½‖c‖², the largest is the nearest.
//
// A workgroup takes 64 rows, or 128 where TALL, and passes over all centroids, 8·TY at a time; a thread keeps 4 or 8 rows
// by 8 centroids in registers, so that 32 or 64 multiply-adds follow three or four loads of 16 bytes. Both tiles go
// through workgroup memory, TD features at a time, transposed, and share one array with what threads found. With TD = 16
// all of 256 threads bring something to a tall tile, where half of them would wait for the others: 17 KB. TY is even, 2 to
// 16, such that few columns are idle. tile-quads.wgsl or tile-values.wgsl load what the tiles are made of. Nothing is
// loaded ahead: the registers that it needs are those of a second workgroup on a multiprocessor, whose products hide the
// loads of the first.
//
// Compilers make of it, with 64 sums a thread, 128 registers on Hopper and 120 on RDNA 2, nothing spilled; Hopper takes 1.40 slots
// a term where d = 128 and k = 1024, and 1.29 with TD = 16. Intel's 128 registers hold 64 numbers a thread: with 32 sums there
// is room for the loads of a product, not for all that else is known of four rows. So where not TALL second best scores and
// labels lie in memory while sums grow; a thread brings one feature of four vectors, not four; and the loop over features is not unrolled.
// Otherwise a few hundred messages go to and fro (284 of them for 256 multiply-adds where the inner loop was unrolled).
//
// Float32 cannot tell centroids apart whose scores differ by less than the error of the form. With u = 2⁻²⁴: the start
// is ½‖c‖² but for its own summation, at most ⌈d/64⌉ + 7 roundings (update.wgsl), and then takes part in d additions; a
// product takes part in d additions at most and is rounded once where it is not fused. So (Higham 2002, section 3.1)
// twice a score is off by at most E(‖c‖) = γ·(2‖x‖·‖c‖ + ‖c‖²), γ = 1.05·(d + 8)·u: that is above γ_m = m·u / (1 − m·u)
// for m = d + ⌈d/64⌉ + 7 roundings up to d = 100,000, with room for those of the norms in the bound itself. Let b have the best
// score and c the least distance. Then ‖c‖ ≤ ‖c − x‖ + ‖x‖ ≤ ‖b − x‖ + ‖x‖ ≤ 2‖x‖ + ‖b‖ = M, and ‖b‖ ≤ M: c's score is
// below that of b by E(M) at most, as scores are halves. So a row whose second best score is within that of the best goes
// to the list of its slice, for rescore.wgsl; all others have their label, exactly. A tie is always in that band. The
// norms of best and second best alone would not do: a third one, of twice the row's, may be nearer than both. The largest
// norm of all would do, and flag every row on account of one far centroid.
//
// flagged = for each slice of the buffer a count, then slice_rows places.

@group(0) @binding(4) var<storage, read_write> labels: array<u32>;
@group(0) @binding(5) var<storage, read_write> changed: atomic<u32>;
@group(0) @binding(6) var<storage, read> control: Control;
@group(0) @binding(7) var<storage, read> norms: array<f32>;
@group(0) @binding(8) var<storage, read_write> flagged: array<atomic<u32>>;

const FAR = 3.4e38;
const THREADS = TX * TY;
const ROW_QUADS = select(TX, 2u * TX, TALL);
const COLUMN_QUADS = 2u * TY;
const STRIDE = ROW_QUADS + COLUMN_QUADS + 1u;
const STEPS = (D + TD - 1u) / TD;
// A thread brings four features of four rows, or of four centroids, at once; where registers are few, one feature of them.
const ITEMS = TD / 4u * (ROW_QUADS + COLUMN_QUADS) * select(4u, 1u, TALL);
const ROUNDS = (ITEMS + THREADS - 1u) / THREADS;
// Where second best scores, and then labels, are laid down; best ones at 0.
const KEPT = select(max(TD * STRIDE, THREADS), THREADS, TALL);
var<workgroup> tile: array<vec4f, max(TD * STRIDE, KEPT + 2u * THREADS)>;
var<workgroup> starts: array<vec4f, COLUMN_QUADS>;
var<workgroup> moved: atomic<u32>;

/// Four rows by four centroids.
struct Sums {
  s0: vec4f,
  s1: vec4f,
  s2: vec4f,
  s3: vec4f,
}

/// Of four rows.
struct Nearest {
  best: vec4f,
  second: vec4f,
  label: vec4u,
}

/// Four features of each of four rows.
struct Block {
  a: vec4f,
  b: vec4f,
  c: vec4f,
  d: vec4f,
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
  let first_row = flat(workgroup, grid) * 4u * ROW_QUADS;
  // Where TALL neighbours share rows, threads two apart centroids: 16-byte loads of a warp are two requests each, not four.
  let tx = select(thread, thread / 2u, TALL) % TX;
  let ty = select(thread / TX, 2u * (thread / (2u * TX)) + thread % 2u, TALL) % TY;
  var low = Nearest(vec4f(-FAR), vec4f(-FAR), vec4u());
  var high = low;
  for (var tiles = (part.k + 8u * TY - 1u) / (8u * TY); tiles > 0u; tiles--) {
    let first = 8u * TY * (tiles - 1u);
    if (thread < COLUMN_QUADS) {
      let c = first + 4u * thread;
      starts[thread] = vec4f(start_of(c), start_of(c + 1u), start_of(c + 2u), start_of(c + 3u));
    }
    workgroupBarrier();
    var low_a = begin(starts[ty]);
    var low_b = begin(starts[TY + ty]);
    var high_a = low_a;
    var high_b = low_b;
    for (var step = 0u; step < STEPS; step++) {
      workgroupBarrier();
      if (TALL) {
        for (var i = 0u; i < ROUNDS; i++) {
          let item = thread + i * THREADS;
          if (item < ITEMS) {
            put(item, bring(item, TD / 4u * step + item % (TD / 4u), first_row, first));
          }
        }
      } else {
        var item = thread;
        // A number of trips that compilers do not know: not to be unrolled.
        for (var left = select(0u, ROUNDS, part.k > 0u); left > 0u; left--) {
          if (item < ITEMS) {
            tile[item % TD * STRIDE + item / TD] = bring_one(item, TD * step + item % TD, first_row, first);
          }
          item += THREADS;
        }
      }
      workgroupBarrier();
      if (TALL) {
        for (var f = 0u; f < TD; f++) {
          let a = tile[f * STRIDE + ROW_QUADS + ty];
          let b = tile[f * STRIDE + ROW_QUADS + TY + ty];
          let x = tile[f * STRIDE + tx];
          add(&low_a, x, a);
          add(&low_b, x, b);
          let y = tile[f * STRIDE + TX + tx];
          add(&high_a, y, a);
          add(&high_b, y, b);
        }
      } else {
        // The same, and downwards, for one variable less.
        for (var left = min(TD, part.d - TD * step); left > 0u; left--) {
          let at = (left - 1u) % TD * STRIDE;
          let x = tile[at + tx];
          add(&low_a, x, tile[at + ROW_QUADS + ty]);
          add(&low_b, x, tile[at + ROW_QUADS + TY + ty]);
        }
      }
    }
    let a = first + 4u * ty;
    let b = a + 4u * TY;
    if (!TALL) {
      recall(&low, thread, first + 8u * TY >= part.k);
    }
    consider_all(&low, low_a, a);
    consider_all(&low, low_b, b);
    if (TALL) {
      consider_all(&high, high_a, a);
      consider_all(&high, high_b, b);
    } else {
      lay_down(&low, thread);
    }
  }
  // Of threads in the order of their columns.
  let place = TX * ty + tx;
  workgroupBarrier();
  tile[place] = low.best;
  if (TALL) {
    lay_down(&low, place);
  }
  workgroupBarrier();
  var count = settle(first_row, thread);
  if (TALL) {
    workgroupBarrier();
    tile[place] = high.best;
    lay_down(&high, place);
    workgroupBarrier();
    count += settle(first_row + 4u * TX, thread);
  }
  count = sum_here(count);
  if (speaks() && count > 0u) {
    atomicAdd(&moved, count);
  }
  workgroupBarrier();
  if (thread == 0u) {
    atomicAdd(&changed, atomicLoad(&moved));
  }
}

/// −½‖c‖², far below every score where there is no such centroid.
fn start_of(c: u32) -> f32 {
  return select(-FAR, -0.5 * norm_of(min(c, part.k - 1u)), c < part.k);
}

fn begin(start: vec4f) -> Sums {
  return Sums(vec4f(start.x), vec4f(start.y), vec4f(start.z), vec4f(start.w));
}

/// Four features of the rows, or of the centroids, of an item.
fn bring(item: u32, quad: u32, first_row: u32, first: u32) -> Block {
  let four = item / (TD / 4u);
  if (four < ROW_QUADS) {
    let row = first_row + 4u * four;
    let last = part.rows - 1u;
    return Block(
      row_quad(min(row, last), quad), row_quad(min(row + 1u, last), quad),
      row_quad(min(row + 2u, last), quad), row_quad(min(row + 3u, last), quad),
    );
  }
  let c = first + 4u * (four - ROW_QUADS);
  let last = part.k - 1u;
  return Block(
    centroid_quad(min(c, last), quad), centroid_quad(min(c + 1u, last), quad),
    centroid_quad(min(c + 2u, last), quad), centroid_quad(min(c + 3u, last), quad),
  );
}

/// Transposes a block into the tile. The odd stride keeps these stores off one bank.
fn put(item: u32, block: Block) {
  // Remainders tell the compiler that no index needs a clamp.
  let at = 4u * (item % (TD / 4u)) * STRIDE + (item / (TD / 4u)) % (STRIDE - 1u);
  tile[at] = vec4f(block.a.x, block.b.x, block.c.x, block.d.x);
  tile[at + STRIDE] = vec4f(block.a.y, block.b.y, block.c.y, block.d.y);
  tile[at + 2u * STRIDE] = vec4f(block.a.z, block.b.z, block.c.z, block.d.z);
  tile[at + 3u * STRIDE] = vec4f(block.a.w, block.b.w, block.c.w, block.d.w);
}

/// One feature of four rows, or of four centroids, as it is in the tile.
fn bring_one(item: u32, j: u32, first_row: u32, first: u32) -> vec4f {
  let four = item / TD;
  if (four < ROW_QUADS) {
    let row = first_row + 4u * four;
    let last = part.rows - 1u;
    return vec4f(
      row_value(min(row, last), j), row_value(min(row + 1u, last), j),
      row_value(min(row + 2u, last), j), row_value(min(row + 3u, last), j),
    );
  }
  let c = first + 4u * (four - ROW_QUADS);
  let last = part.k - 1u;
  return vec4f(
    centroid_value(min(c, last), j), centroid_value(min(c + 1u, last), j),
    centroid_value(min(c + 2u, last), j), centroid_value(min(c + 3u, last), j),
  );
}

/// Lays down second best scores and labels: of a thread between tiles, or for those who settle.
fn lay_down(nearest: ptr<function, Nearest>, place: u32) {
  tile[KEPT + place] = (*nearest).second;
  // Exact: k is at most 2²⁴.
  tile[KEPT + THREADS + place] = vec4f((*nearest).label);
}

/// Of a thread; where it is the first to be considered, there is nothing yet.
fn recall(nearest: ptr<function, Nearest>, place: u32, is_first: bool) {
  (*nearest).second = select(tile[KEPT + place], vec4f(-FAR), is_first);
  (*nearest).label = select(vec4u(tile[KEPT + THREADS + place]), vec4u(), is_first);
}

/// One feature of four rows times that of four centroids.
fn add(sums: ptr<function, Sums>, x: vec4f, c: vec4f) {
  (*sums).s0 = fma(x, c.xxxx, (*sums).s0);
  (*sums).s1 = fma(x, c.yyyy, (*sums).s1);
  (*sums).s2 = fma(x, c.zzzz, (*sums).s2);
  (*sums).s3 = fma(x, c.wwww, (*sums).s3);
}

fn consider_all(nearest: ptr<function, Nearest>, sums: Sums, c: u32) {
  consider(nearest, sums.s0, c);
  consider(nearest, sums.s1, c + 1u);
  consider(nearest, sums.s2, c + 2u);
  consider(nearest, sums.s3, c + 3u);
}

/// All by one comparison, whose flags are needed until the last selection: so that compilers finish with a score before they
/// begin the next, instead of computing all best scores first, and keeping them.
fn consider(nearest: ptr<function, Nearest>, score: vec4f, c: u32) {
  let closer = score > (*nearest).best;
  (*nearest).second = max((*nearest).second, select(score, (*nearest).best, closer));
  (*nearest).best = select((*nearest).best, score, closer);
  (*nearest).label = select((*nearest).label, vec4u(c), closer);
}

/// Labels the rows [row, row + 4·TX), of which all threads have laid down what they found, or flags them. Returns how many of
/// a thread's have another label than before.
fn settle(row: u32, thread: u32) -> u32 {
  var count = 0u;
  for (var i = 0u; i < (4u * TX + THREADS - 1u) / THREADS; i++) {
    let r = thread + i * THREADS;
    if (r < 4u * TX && row + r < part.rows) {
      var best = -FAR;
      var second = -FAR;
      var label = 0u;
      for (var y = 0u; y < TY; y++) {
        let at = TX * y + r / 4u % TX;
        let score = tile[at][r % 4u];
        second = max(max(second, tile[KEPT + at][r % 4u]), min(best, score));
        label = select(label, u32(tile[KEPT + THREADS + at][r % 4u]), score > best);
        best = max(best, score);
      }
      count += label_or_flag(row + r, best, second, label, norms[part.shard_row + row + r]);
    }
  }
  return count;
}
