// Nearest centroid as a matrix product with the argmin fused in: score = ‖c‖² − 2x·c, one multiply-add a term.
//
// A workgroup takes 64 rows and passes over all centroids, 8·TY at a time; a thread keeps 4 rows × 8 centroids in
// registers, so that 32 multiply-adds follow three loads of 16 bytes. Both tiles go through workgroup memory, 8
// features at a time, transposed, and share one array with the reduction at the end: 3 to 6.4 KiB, because software
// adapters clear it once for every few threads (12 KiB took four times as long on SwiftShader). TY = 4, 8 or 16 with
// k, so that few columns are idle. The odd strides keep the transposing stores off one bank.
//
// Float32 cannot tell centroids apart whose scores differ by less than the error of the form. With u = 2⁻²⁴ a score
// is off by at most E(‖c‖) = γ·(2‖x‖·‖c‖ + ‖c‖²), γ = (d + 8)·u (Higham 2002, section 3.1, with room for the norms and the
// last subtraction). Let b have the best score and c the least distance. Then ‖c‖ ≤ ‖c − x‖ + ‖x‖ ≤ ‖b − x‖ + ‖x‖ ≤
// 2‖x‖ + ‖b‖ = M, and ‖b‖ ≤ M: c's score is above that of b by 2·E(M) at most. So a row whose second best score is within
// that of the best goes to the list of its slice, for rescore.wgsl; all others have their label, exactly. A tie is always
// in that band. The norms of best and second best alone would not do: a third one, of twice the row's, may be nearer than
// both. The largest norm of all would do, and flag every row on account of one far centroid.
//
// flagged = for each slice of the buffer a count, then slice_rows places.

@group(0) @binding(3) var<storage, read> model: array<f32>;
@group(0) @binding(4) var<storage, read_write> labels: array<u32>;
@group(0) @binding(5) var<storage, read_write> changed: atomic<u32>;
@group(0) @binding(6) var<storage, read> control: Control;
@group(0) @binding(7) var<storage, read> norms: array<f32>;
@group(0) @binding(8) var<storage, read_write> flagged: array<atomic<u32>>;

const FAR = 3.4e38;
const TX = 16u;
const TD = 8u;
const THREADS = TX * TY;
const HALF = THREADS / 2u;
const ROW_STRIDE = TX + 1u;
const COLUMN_STRIDE = 2u * TY + 1u;
const COLUMNS = ROW_STRIDE * TD;
var<workgroup> tile: array<vec4f, max(COLUMNS + COLUMN_STRIDE * TD, 3u * HALF)>;
var<workgroup> moved: atomic<u32>;

fn centroid(c: u32, j: u32) -> f32 {
  return model[min(c, part.k - 1u) * part.d + j];
}

fn norm_of(c: u32) -> f32 {
  return select(FAR, model[part.k * part.d + min(c, part.k - 1u)], c < part.k);
}

struct Nearest {
  best: vec4f,
  second: vec4f,
  label: vec4u,
}

fn consider(nearest: ptr<function, Nearest>, products: vec4f, c: u32) {
  let score = norm_of(c) - 2.0 * products;
  let closer = score < (*nearest).best;
  (*nearest).second = select(min((*nearest).second, score), (*nearest).best, closer);
  (*nearest).best = select((*nearest).best, score, closer);
  (*nearest).label = select((*nearest).label, vec4u(c), closer);
}

fn load_tiles(first_row: u32, first_centroid: u32, feature: u32, thread: u32) {
  let last = part.rows - 1u;
  for (var i = thread; i < TX * TD; i += THREADS) {
    let j = feature + i % TD;
    let at = min(j, part.d - 1u);
    let row = first_row + 4u * (i / TD);
    let values = vec4f(
      load(min(row, last), at), load(min(row + 1u, last), at), load(min(row + 2u, last), at), load(min(row + 3u, last), at),
    );
    tile[(i % TD) * ROW_STRIDE + i / TD] = select(vec4f(), values, j < part.d);
  }
  for (var i = thread; i < 2u * TY * TD; i += THREADS) {
    let j = min(feature + i % TD, part.d - 1u);
    let c = first_centroid + 4u * (i / TD);
    tile[COLUMNS + (i % TD) * COLUMN_STRIDE + i / TD] =
      vec4f(centroid(c, j), centroid(c + 1u, j), centroid(c + 2u, j), centroid(c + 3u, j));
  }
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
  let first_row = flat(workgroup, grid) * 4u * TX;
  let tx = thread % TX;
  let ty = thread / TX;
  var nearest = Nearest(vec4f(FAR), vec4f(FAR), vec4u());
  for (var first = 0u; first < part.k; first += 8u * TY) {
    var s0 = vec4f();
    var s1 = vec4f();
    var s2 = vec4f();
    var s3 = vec4f();
    var s4 = vec4f();
    var s5 = vec4f();
    var s6 = vec4f();
    var s7 = vec4f();
    for (var feature = 0u; feature < part.d; feature += TD) {
      workgroupBarrier();
      load_tiles(first_row, first, feature, thread);
      workgroupBarrier();
      for (var t = 0u; t < TD; t++) {
        let x = tile[t * ROW_STRIDE + tx];
        let a = tile[COLUMNS + t * COLUMN_STRIDE + 2u * ty];
        let b = tile[COLUMNS + t * COLUMN_STRIDE + 2u * ty + 1u];
        s0 = fma(x, a.xxxx, s0);
        s1 = fma(x, a.yyyy, s1);
        s2 = fma(x, a.zzzz, s2);
        s3 = fma(x, a.wwww, s3);
        s4 = fma(x, b.xxxx, s4);
        s5 = fma(x, b.yyyy, s5);
        s6 = fma(x, b.zzzz, s6);
        s7 = fma(x, b.wwww, s7);
      }
    }
    let c = first + 8u * ty;
    consider(&nearest, s0, c);
    consider(&nearest, s1, c + 1u);
    consider(&nearest, s2, c + 2u);
    consider(&nearest, s3, c + 3u);
    consider(&nearest, s4, c + 4u);
    consider(&nearest, s5, c + 5u);
    consider(&nearest, s6, c + 6u);
    consider(&nearest, s7, c + 7u);
  }

  for (var half = HALF; half >= TX; half /= 2u) {
    workgroupBarrier();
    if (thread >= half && thread < 2u * half) {
      tile[thread - half] = nearest.best;
      tile[HALF + thread - half] = nearest.second;
      // Exact: k is at most 2²⁴.
      tile[2u * HALF + thread - half] = vec4f(nearest.label);
    }
    workgroupBarrier();
    if (thread < half) {
      merge(&nearest, tile[thread], tile[HALF + thread], vec4u(tile[2u * HALF + thread]));
    }
  }
  if (ty == 0u) {
    settle(first_row + 4u * tx, nearest);
  }
  workgroupBarrier();
  if (thread == 0u) {
    atomicAdd(&changed, atomicLoad(&moved));
  }
}

/// Takes in what another thread found for the same rows.
fn merge(nearest: ptr<function, Nearest>, best: vec4f, second: vec4f, label: vec4u) {
  let closer = best < (*nearest).best;
  (*nearest).second = min(max((*nearest).best, best), min((*nearest).second, second));
  (*nearest).best = select((*nearest).best, best, closer);
  (*nearest).label = select((*nearest).label, label, closer);
}

/// Labels the rows [row, row + 4), or flags them.
fn settle(row: u32, nearest: Nearest) {
  let error = 2.0 * f32(part.d + 8u) * 5.9604645e-8;
  for (var p = 0u; p < 4u; p++) {
    if (row + p >= part.rows) {
      return;
    }
    let at = part.shard_row + row + p;
    let length = sqrt(norms[at]);
    let reach = 2.0 * length + sqrt(norm_of(nearest.label[p]));
    let band = error * reach * (2.0 * length + reach);
    if (nearest.second[p] - nearest.best[p] <= band) {
      let list = (at / part.slice_rows) * (part.slice_rows + 1u);
      let place = atomicAdd(&flagged[list], 1u);
      atomicStore(&flagged[list + 1u + place], row + p);
    } else if (labels[at] != nearest.label[p]) {
      labels[at] = nearest.label[p];
      atomicAdd(&moved, 1u);
    }
  }
}
