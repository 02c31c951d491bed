// Nearest centroid as a matrix product with the argmin fused in: score = x·c − ½‖c‖², the largest is the nearest.
//
// A workgroup takes 64 rows, or 128 where TALL, and passes over all centroids, 8·TY at a time; a thread keeps 4 or 8 rows
// by 8 centroids in registers, so that 32 or 64 multiply-adds follow three or four loads of 16 bytes. Both tiles go
// through workgroup memory, TD features at a time, transposed, and share one array with the reduction at the end: with TD = 8
// at most 9.3 KB, because software adapters clear it once for every few threads. With TD = 16, 17 KB, all of 256 threads bring
// something, where half of them would wait for the others. TY is even, 2 to 16, such that few columns are idle. tile-quads.wgsl or tile-values.wgsl load what the tiles are made of. Nothing is loaded ahead: the registers that
// it needs are those of a second workgroup on a multiprocessor, whose products hide the loads of the first.
//
// Compilers make of it, with 64 sums a thread, 128 registers on Hopper and 120 on RDNA 2, nothing spilled; Hopper takes 1.40 slots
// a term where d = 128 and k = 1024, and 1.29 with TD = 16. Intel's 128 registers hold 64 numbers a thread: 32 sums and a loop that is not
// unrolled, or they spill in it (284 messages for 256 multiply-adds).
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
// A thread brings four features of four rows, or of four centroids, at once.
const ITEMS = TD / 4u * (ROW_QUADS + COLUMN_QUADS);
const ROUNDS = (ITEMS + THREADS - 1u) / THREADS;
const HALF = TX * TY / 2u;
const LEVELS = 1u + u32(TY > 2u) + u32(TY > 4u) + u32(TY > 8u);
var<workgroup> tile: array<vec4f, max(TD * STRIDE, 3u * HALF)>;
var<workgroup> starts: array<vec4f, COLUMN_QUADS>;
var<workgroup> moved: atomic<u32>;

/// Four rows by eight centroids.
struct Sums {
  s0: vec4f,
  s1: vec4f,
  s2: vec4f,
  s3: vec4f,
  s4: vec4f,
  s5: vec4f,
  s6: vec4f,
  s7: vec4f,
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
  // Neighbours share rows, threads two apart centroids: 16-byte loads of a warp are then two requests each, not four.
  let tx = (thread / 2u) % TX;
  let ty = (2u * (thread / (2u * TX)) + thread % 2u) % TY;
  var low = Nearest(vec4f(-FAR), vec4f(-FAR), vec4u());
  var high = low;
  var first = 0u;
  for (var tiles = (part.k + 8u * TY - 1u) / (8u * TY); tiles > 0u; tiles--) {
    if (thread < COLUMN_QUADS) {
      let c = first + 4u * thread;
      starts[thread] = vec4f(start_of(c), start_of(c + 1u), start_of(c + 2u), start_of(c + 3u));
    }
    workgroupBarrier();
    var s = begin(starts[ty], starts[TY + ty]);
    var t = s;
    for (var step = 0u; step < STEPS; step++) {
      workgroupBarrier();
      for (var i = 0u; i < ROUNDS; i++) {
        let item = thread + i * THREADS;
        if (item < ITEMS) {
          put(item, bring(item, TD / 4u * step + item % (TD / 4u), first_row, first));
        }
      }
      workgroupBarrier();
      if (TALL) {
        for (var f = 0u; f < TD; f++) {
          let a = tile[f * STRIDE + ROW_QUADS + ty];
          let b = tile[f * STRIDE + ROW_QUADS + TY + ty];
          add(&s, tile[f * STRIDE + tx], a, b);
          add(&t, tile[f * STRIDE + TX + tx], a, b);
        }
      } else {
        // A number of trips that compilers cannot know: not to be unrolled.
        var f = 0u;
        for (var left = min(TD, part.d - TD * step); left > 0u; left--) {
          let at = f % TD * STRIDE;
          add(&s, tile[at + tx], tile[at + ROW_QUADS + ty], tile[at + ROW_QUADS + TY + ty]);
          f++;
        }
      }
    }
    consider_all(&low, s, first + 4u * ty);
    if (TALL) {
      consider_all(&high, t, first + 4u * ty);
    }
    first += 8u * TY;
  }
  gather(&low, tx, ty);
  if (TALL) {
    gather(&high, tx, ty);
  }
  var count = 0u;
  if (ty == 0u) {
    count = settle(first_row + 4u * tx, low);
    if (TALL) {
      count += settle(first_row + 4u * (TX + tx), high);
    }
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

fn begin(a: vec4f, b: vec4f) -> Sums {
  return Sums(vec4f(a.x), vec4f(a.y), vec4f(a.z), vec4f(a.w), vec4f(b.x), vec4f(b.y), vec4f(b.z), vec4f(b.w));
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
  // Remainders, here and below, tell the compiler that no index needs a clamp.
  let at = 4u * (item % (TD / 4u)) * STRIDE + (item / (TD / 4u)) % (STRIDE - 1u);
  tile[at] = vec4f(block.a.x, block.b.x, block.c.x, block.d.x);
  tile[at + STRIDE] = vec4f(block.a.y, block.b.y, block.c.y, block.d.y);
  tile[at + 2u * STRIDE] = vec4f(block.a.z, block.b.z, block.c.z, block.d.z);
  tile[at + 3u * STRIDE] = vec4f(block.a.w, block.b.w, block.c.w, block.d.w);
}

/// One feature of four rows times that of eight centroids.
fn add(sums: ptr<function, Sums>, x: vec4f, a: vec4f, b: vec4f) {
  (*sums).s0 = fma(x, a.xxxx, (*sums).s0);
  (*sums).s1 = fma(x, a.yyyy, (*sums).s1);
  (*sums).s2 = fma(x, a.zzzz, (*sums).s2);
  (*sums).s3 = fma(x, a.wwww, (*sums).s3);
  (*sums).s4 = fma(x, b.xxxx, (*sums).s4);
  (*sums).s5 = fma(x, b.yyyy, (*sums).s5);
  (*sums).s6 = fma(x, b.zzzz, (*sums).s6);
  (*sums).s7 = fma(x, b.wwww, (*sums).s7);
}

fn consider_all(nearest: ptr<function, Nearest>, sums: Sums, c: u32) {
  consider(nearest, sums.s0, c);
  consider(nearest, sums.s1, c + 1u);
  consider(nearest, sums.s2, c + 2u);
  consider(nearest, sums.s3, c + 3u);
  consider(nearest, sums.s4, c + 4u * TY);
  consider(nearest, sums.s5, c + 4u * TY + 1u);
  consider(nearest, sums.s6, c + 4u * TY + 2u);
  consider(nearest, sums.s7, c + 4u * TY + 3u);
}

fn consider(nearest: ptr<function, Nearest>, score: vec4f, c: u32) {
  let closer = score > (*nearest).best;
  (*nearest).second = max((*nearest).second, min((*nearest).best, score));
  (*nearest).best = max((*nearest).best, score);
  (*nearest).label = select((*nearest).label, vec4u(c), closer);
}

/// Takes in what was found elsewhere for the same rows.
fn merge(nearest: ptr<function, Nearest>, best: vec4f, second: vec4f, label: vec4u) {
  let closer = best > (*nearest).best;
  (*nearest).second = max(max((*nearest).second, second), min((*nearest).best, best));
  (*nearest).best = max((*nearest).best, best);
  (*nearest).label = select((*nearest).label, label, closer);
}

/// Brings together what the threads of four rows found, in that of ty = 0.
fn gather(nearest: ptr<function, Nearest>, tx: u32, ty: u32) {
  var count = TY;
  for (var level = 0u; level < LEVELS; level++) {
    let half = (count + 1u) / 2u;
    let upper = ty >= half && ty < count;
    let lane = (TX * select(ty, ty - half, upper) + tx) % HALF;
    workgroupBarrier();
    if (upper) {
      tile[lane] = (*nearest).best;
      tile[HALF + lane] = (*nearest).second;
      // Exact: k is at most 2²⁴.
      tile[2u * HALF + lane] = vec4f((*nearest).label);
    }
    workgroupBarrier();
    if (ty + half < count) {
      merge(nearest, tile[lane], tile[HALF + lane], vec4u(tile[2u * HALF + lane]));
    }
    count = half;
  }
}

/// Labels the rows [row, row + 4), or flags them. Returns how many have another label than before.
fn settle(row: u32, nearest: Nearest) -> u32 {
  var count = 0u;
  for (var p = 0u; p < 4u; p++) {
    if (row + p < part.rows) {
      count += label_or_flag(
        row + p, nearest.best[p], nearest.second[p], nearest.label[p], norms[part.shard_row + row + p],
      );
    }
  }
  return count;
}
