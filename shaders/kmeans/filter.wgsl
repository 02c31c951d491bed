// Which centroids may be nearest, by products of 8-bit integers: what is left over is for candidates.wgsl.
//
// With x = x̂ + e, x̂ = s·q as bytes.wgsl has it, and c likewise, x·c = x̂·ĉ + e·c + x̂·f, so that the product of the integers,
// which is exact, tells x·c but for ‖e‖·‖c‖ + (‖x‖ + ‖e‖)·‖f‖ (Cauchy–Schwarz). Scores are those of assign-tiled.wgsl; as
// float32 makes them they are off by ½·γ·(2‖x‖·‖c‖ + ‖c‖²) at most, and what is rounded here by less than the same again:
// hence the bound B below, and score ± B as `upper` and `lower`. (At most eight roundings, of terms of 1.6·‖x‖·‖c‖ and
// ½‖c‖²: bytes leave a fourth of a vector at most, √D/254 with D up to 4096.) What underflows is LOST.
//
// Let L be the greatest of the lower bounds. A centroid that is below it is not nearest. But labels are to be what they are
// without this, and assign-tiled.wgsl rescores a row whose second best score is within its band. So a centroid is left out
// only where it is below L by more than the band can be: then it is neither the best score nor a second one that matters.
// The band grows with the norm of the b that has the best score, of which L tells: b's score is not below L, so
// ‖b − x‖² ≤ ‖x‖² − 2L but for the error of the score, hence ‖b‖ ≤ 1.1·‖x‖ + 1.01·√(‖x‖² − 2L) as γ ≤ 3e-4.
//
// A workgroup takes 64 rows by all centroids, 64 at a time; a thread 4 by 8. Of each row it keeps L, and the greatest upper
// bound of each of at most 32 groups of GROUP centroids. Then eight threads a row look again at the groups that may have
// candidates, centroid by centroid. A row with one candidate has its label.
//
// Where not TALL registers are few (Intel's hold 64 numbers a thread), and what is done is cut such that they suffice: scales lie
// in memory, a thread brings one word of four vectors, not four, the inner loop is not unrolled, and a branch for each centroid
// keeps compilers from finding the bounds of several at once. Otherwise they spill five hundred times.
//
// candidates = [rows, 8]: a count and up to seven centroids; 8 where there are more, 0 where nothing is left to do.

@group(0) @binding(1) var<storage, read> row_bytes: array<vec4u>;
@group(0) @binding(2) var<storage, read> row_records: array<vec4f>;
@group(0) @binding(3) var<storage, read> centroid_bytes: array<vec4u>;
@group(0) @binding(4) var<storage, read> centroid_records: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> labels: array<u32>;
@group(0) @binding(6) var<storage, read_write> changed: atomic<u32>;
@group(0) @binding(7) var<storage, read> control: Control;
@group(0) @binding(8) var<storage, read_write> candidates: array<u32>;

const FAR = 3.4e38;
/// What products that underflow may take from a score, here or there: less than 2⁻¹²⁶ each.
const LOST = f32(D + 16u) * 1e-37;
const GAMMA = 1.05 * f32(D + 8u) * 5.9604645e-8;
const QUADS = (D + 15u) / 16u;
const TX = 16u;
const TY = 8u;
const THREADS = TX * TY;
const ROWS = 64u;
const COLUMNS = 8u * TY;
const STRIDE = TX + 2u * TY + 1u;
/// Of a tile: two loads of a vector.
const TILE_WORDS = 8u;
const STEPS = (QUADS + 1u) / 2u;
// A thread brings four words of four vectors, or one.
const ITEMS = 2u * (TX + 2u * TY) * select(4u, 1u, TALL);
const ROUNDS = (ITEMS + THREADS - 1u) / THREADS;
const GROUPS = 32u;
const LANES = 8u;
const TEAMS = THREADS / LANES;
const MOST = 7u;
// Behind a tile, where not TALL, what Scales has of four rows each.
const SCALES = TILE_WORDS * STRIDE;
var<workgroup> tile: array<vec4u, SCALES + select(3u * TX, 0u, TALL)>;
// Bounds as integers in the same order; 0 below all.
var<workgroup> lowest: array<atomic<u32>, ROWS>;
var<workgroup> highest: array<atomic<u32>, ROWS * GROUPS>;
var<workgroup> counts: array<atomic<u32>, ROWS>;
// MOST of each row, and whether its label is another than before.
var<workgroup> lists: array<u32, ROWS * 8u>;

/// Four rows by four centroids.
struct Sums {
  s0: vec4i,
  s1: vec4i,
  s2: vec4i,
  s3: vec4i,
}

/// Four words of each of four vectors.
struct Block {
  a: vec4u,
  b: vec4u,
  c: vec4u,
  d: vec4u,
}

/// What bounds need of four rows: the scale, what ‖c‖ and what ‖f‖ are multiplied by.
struct Scales {
  scale: vec4f,
  by_length: vec4f,
  by_rest: vec4f,
}

struct Bounds {
  lower: vec4f,
  upper: vec4f,
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
  let first_row = flat(workgroup, grid) * ROWS;
  let tx = thread % TX;
  let ty = thread / TX;
  var own = Scales();
  if (TALL) {
    own = scales_of_rows(first_row + 4u * tx);
  } else if (thread < TX) {
    let of_rows = scales_of_rows(first_row + 4u * thread);
    tile[SCALES + thread] = bitcast<vec4u>(of_rows.scale);
    tile[SCALES + TX + thread] = bitcast<vec4u>(of_rows.by_length);
    tile[SCALES + 2u * TX + thread] = bitcast<vec4u>(of_rows.by_rest);
  }
  for (var tiles = (part.k + COLUMNS - 1u) / COLUMNS; tiles > 0u; tiles--) {
    let first = COLUMNS * (tiles - 1u);
    var low = Sums();
    var high = Sums();
    for (var step = 0u; step < STEPS; step++) {
      workgroupBarrier();
      if (TALL) {
        for (var i = 0u; i < ROUNDS; i++) {
          let item = thread + i * THREADS;
          if (item < ITEMS) {
            put(item, bring(item, 2u * step + item % 2u, first_row, first));
          }
        }
      } else {
        var item = thread;
        for (var left = unknown(ROUNDS); left > 0u; left--) {
          let word = TILE_WORDS * step + item % TILE_WORDS;
          if (item < ITEMS) {
            tile[item % TILE_WORDS * STRIDE + item / TILE_WORDS] = bring_one(item, word, first_row, first);
          }
          item += THREADS;
        }
      }
      workgroupBarrier();
      if (TALL) {
        for (var w = 0u; w < TILE_WORDS; w++) {
          let x = tile[w * STRIDE + tx];
          add(&low, x, tile[w * STRIDE + TX + ty]);
          add(&high, x, tile[w * STRIDE + TX + TY + ty]);
        }
      } else {
        for (var left = unknown(TILE_WORDS); left > 0u; left--) {
          let at = (left - 1u) % TILE_WORDS * STRIDE;
          let x = tile[at + tx];
          add(&low, x, tile[at + TX + ty]);
          add(&high, x, tile[at + TX + TY + ty]);
        }
      }
    }
    var best = vec4f(-FAR);
    consider(&best, own, tx, first + 4u * ty, low);
    consider(&best, own, tx, first + 4u * (TY + ty), high);
    for (var p = 0u; p < 4u; p++) {
      atomicMax(&lowest[4u * tx + p], key_of(best[p]));
    }
  }
  workgroupBarrier();
  for (var i = 0u; i < ROWS / TEAMS; i++) {
    let r = thread / LANES + TEAMS * i;
    if (first_row + r < part.rows) {
      look(first_row + r, r, thread % LANES);
    }
  }
  workgroupBarrier();
  if (thread < ROWS && first_row + thread < part.rows) {
    settle(part.shard_row + first_row + thread, thread);
  }
  workgroupBarrier();
  if (thread == 0u) {
    var sum = 0u;
    for (var r = 0u; r < ROWS; r++) {
      sum += lists[r * 8u + MOST];
    }
    atomicAdd(&changed, sum);
  }
}

/// The same number, which compilers do not know: so many trips are not unrolled.
fn unknown(count: u32) -> u32 {
  return select(0u, count, part.k > 0u);
}

/// In the order of the numbers, and above 0.
fn key_of(value: f32) -> u32 {
  let bits = bitcast<u32>(value);
  return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}

fn of_key(key: u32) -> f32 {
  return bitcast<f32>(select(~key, key & 0x7fffffffu, key >= 0x80000000u));
}

fn record_of(row: u32) -> vec4f {
  return row_records[part.shard_row + min(row, part.rows - 1u)];
}

fn scales_of_rows(row: u32) -> Scales {
  let r0 = record_of(row);
  let r1 = record_of(row + 1u);
  let r2 = record_of(row + 2u);
  let r3 = record_of(row + 3u);
  return scales_of(
    vec4f(r0.x, r1.x, r2.x, r3.x), vec4f(r0.y, r1.y, r2.y, r3.y), vec4f(r0.z, r1.z, r2.z, r3.z),
  );
}

fn scales_of(scale: vec4f, rest: vec4f, length: vec4f) -> Scales {
  return Scales(scale, rest + 2.0 * GAMMA * length, length + rest);
}

/// Of the scores of four rows and a centroid.
fn bounds_of(products: vec4i, of_rows: Scales, c: u32) -> Bounds {
  let record = centroid_records[min(c, part.k - 1u)];
  let score = of_rows.scale * record.x * vec4f(products) + record.w;
  let error = of_rows.by_length * record.z + of_rows.by_rest * record.y + GAMMA * record.z * record.z + LOST;
  let is_known = record.x >= 0.0;
  return Bounds(select(vec4f(-FAR), score - error, is_known), select(vec4f(FAR), score + error, is_known));
}

/// The same, below all where there is no such centroid.
fn bounds_if_there(products: vec4i, of_rows: Scales, c: u32) -> Bounds {
  let bounds = bounds_of(products, of_rows, c);
  return Bounds(select(vec4f(-FAR), bounds.lower, c < part.k), select(vec4f(-FAR), bounds.upper, c < part.k));
}

/// Four words of each of four rows, or of four centroids. Those behind the last are as the last.
fn bring(item: u32, quad: u32, first_row: u32, first: u32) -> Block {
  let four = item / 2u;
  let at = min(quad, QUADS - 1u);
  var block = Block();
  if (four < TX) {
    let row = first_row + 4u * four;
    let last = part.rows - 1u;
    block = Block(
      row_bytes[(part.shard_row + min(row, last)) * QUADS + at],
      row_bytes[(part.shard_row + min(row + 1u, last)) * QUADS + at],
      row_bytes[(part.shard_row + min(row + 2u, last)) * QUADS + at],
      row_bytes[(part.shard_row + min(row + 3u, last)) * QUADS + at],
    );
  } else {
    let c = first + 4u * (four - TX);
    let last = part.k - 1u;
    block = Block(
      centroid_bytes[min(c, last) * QUADS + at], centroid_bytes[min(c + 1u, last) * QUADS + at],
      centroid_bytes[min(c + 2u, last) * QUADS + at], centroid_bytes[min(c + 3u, last) * QUADS + at],
    );
  }
  // Nothing is behind the last words, where there are no two loads for the tile.
  if (quad >= QUADS) {
    return Block();
  }
  return block;
}

/// One word of each of four rows, or of four centroids.
fn bring_one(item: u32, word: u32, first_row: u32, first: u32) -> vec4u {
  let four = item / TILE_WORDS;
  let at = min(word / 4u, QUADS - 1u);
  let p = word % 4u;
  var words = vec4u();
  if (four < TX) {
    let row = first_row + 4u * four;
    let last = part.rows - 1u;
    words = vec4u(
      row_bytes[(part.shard_row + min(row, last)) * QUADS + at][p],
      row_bytes[(part.shard_row + min(row + 1u, last)) * QUADS + at][p],
      row_bytes[(part.shard_row + min(row + 2u, last)) * QUADS + at][p],
      row_bytes[(part.shard_row + min(row + 3u, last)) * QUADS + at][p],
    );
  } else {
    let c = first + 4u * (four - TX);
    let last = part.k - 1u;
    words = vec4u(
      centroid_bytes[min(c, last) * QUADS + at][p], centroid_bytes[min(c + 1u, last) * QUADS + at][p],
      centroid_bytes[min(c + 2u, last) * QUADS + at][p], centroid_bytes[min(c + 3u, last) * QUADS + at][p],
    );
  }
  return select(vec4u(), words, word < 4u * QUADS);
}

/// Transposes a block into the tile.
fn put(item: u32, block: Block) {
  // Remainders tell the compiler that no index needs a clamp.
  let at = 4u * (item % 2u) * STRIDE + (item / 2u) % (STRIDE - 1u);
  tile[at] = vec4u(block.a.x, block.b.x, block.c.x, block.d.x);
  tile[at + STRIDE] = vec4u(block.a.y, block.b.y, block.c.y, block.d.y);
  tile[at + 2u * STRIDE] = vec4u(block.a.z, block.b.z, block.c.z, block.d.z);
  tile[at + 3u * STRIDE] = vec4u(block.a.w, block.b.w, block.c.w, block.d.w);
}

/// A word of four rows times that of four centroids.
fn add(sums: ptr<function, Sums>, x: vec4u, c: vec4u) {
  (*sums).s0 += products(x, c.x);
  (*sums).s1 += products(x, c.y);
  (*sums).s2 += products(x, c.z);
  (*sums).s3 += products(x, c.w);
}

fn products(x: vec4u, c: u32) -> vec4i {
  return vec4i(dot4I8Packed(x.x, c), dot4I8Packed(x.y, c), dot4I8Packed(x.z, c), dot4I8Packed(x.w, c));
}

/// Takes in what is known of four rows and the four centroids from c on, which are of one group.
fn consider(best: ptr<function, vec4f>, own: Scales, tx: u32, c: u32, sums: Sums) {
  var upper = vec4f(-FAR);
  if (TALL) {
    let b0 = bounds_if_there(sums.s0, own, c);
    let b1 = bounds_if_there(sums.s1, own, c + 1u);
    let b2 = bounds_if_there(sums.s2, own, c + 2u);
    let b3 = bounds_if_there(sums.s3, own, c + 3u);
    *best = max(*best, max(max(b0.lower, b1.lower), max(b2.lower, b3.lower)));
    upper = max(max(b0.upper, b1.upper), max(b2.upper, b3.upper));
  } else {
    consider_one(best, &upper, tx, c, sums.s0);
    consider_one(best, &upper, tx, c + 1u, sums.s1);
    consider_one(best, &upper, tx, c + 2u, sums.s2);
    consider_one(best, &upper, tx, c + 3u, sums.s3);
  }
  // Behind the last centroid there is no group.
  let group = min(c / GROUP, GROUPS - 1u);
  for (var p = 0u; p < 4u; p++) {
    atomicMax(&highest[(4u * tx + p) * GROUPS + group], key_of(upper[p]));
  }
}

/// The same of one centroid, and before the next, since it is a branch.
fn consider_one(best: ptr<function, vec4f>, upper: ptr<function, vec4f>, tx: u32, c: u32, sums: vec4i) {
  if (c < part.k) {
    let at = SCALES + tx;
    let of_rows = Scales(bitcast<vec4f>(tile[at]), bitcast<vec4f>(tile[at + TX]), bitcast<vec4f>(tile[at + 2u * TX]));
    let bounds = bounds_of(sums, of_rows, c);
    *best = max(*best, bounds.lower);
    *upper = max(*upper, bounds.upper);
  }
}

/// Lists the centroids whose upper bound reaches the least lower bound of a nearest one, less the band.
fn look(row: u32, r: u32, lane: u32) {
  let record = record_of(row);
  let of_row = scales_of(vec4f(record.x), vec4f(record.y), vec4f(record.z));
  let lower = of_key(atomicLoad(&lowest[r]));
  let length = record.z;
  // Of no use where nothing is known, and no number.
  let is_known = lower > -1e37;
  let reach = 3.1 * length + 1.01 * sqrt(max(0.0, length * length - 2.0 * select(0.0, lower, is_known)));
  let threshold = select(-FAR, lower - 1.01 * GAMMA * reach * (2.0 * length + reach) - LOST, is_known);
  var group = 0u;
  for (var left = (part.k + GROUP - 1u) / GROUP; left > 0u; left--) {
    if (atomicLoad(&highest[r * GROUPS + group]) >= key_of(threshold)) {
      let end = min(part.k, (group + 1u) * GROUP);
      var c = group * GROUP + lane;
      for (var more = (end - min(end, c) + LANES - 1u) / LANES; more > 0u; more--) {
        if (bounds_of(vec4i(product_of(row, c)), of_row, c).upper.x >= threshold) {
          let place = atomicAdd(&counts[r], 1u);
          if (place < MOST) {
            lists[r * 8u + place] = c;
          }
        }
        c += LANES;
      }
    }
    group++;
  }
}

fn product_of(row: u32, c: u32) -> i32 {
  var sum = 0;
  if (TALL) {
    for (var quad = 0u; quad < QUADS; quad++) {
      sum += product_at(row, c, quad);
    }
  } else {
    for (var left = unknown(QUADS); left > 0u; left--) {
      sum += product_at(row, c, left - 1u);
    }
  }
  return sum;
}

fn product_at(row: u32, c: u32, quad: u32) -> i32 {
  let x = row_bytes[(part.shard_row + row) * QUADS + quad];
  let y = centroid_bytes[c * QUADS + quad];
  return dot4I8Packed(x.x, y.x) + dot4I8Packed(x.y, y.y) + dot4I8Packed(x.z, y.z) + dot4I8Packed(x.w, y.w);
}

/// Labels a row with one candidate, or hands its candidates on.
fn settle(at: u32, r: u32) {
  let count = atomicLoad(&counts[r]);
  if (count == 1u) {
    candidates[at * 8u] = 0u;
    let label = lists[r * 8u];
    let is_other = labels[at] != label;
    if (is_other) {
      labels[at] = label;
    }
    lists[r * 8u + MOST] = u32(is_other);
    return;
  }
  // None is where float32 has failed us: all of them are.
  candidates[at * 8u] = select(min(count, MOST + 1u), MOST + 1u, count == 0u);
  for (var i = 0u; i < MOST; i++) {
    if (i < count) {
      candidates[at * 8u + 1u + i] = lists[r * 8u + i];
    }
  }
}
