// What the host must know of points that it never sees: per slice and feature the weighted moments of (x − pivot)·scale
// and the range of the rows of positive weight, and of all rows the first value that is NaN or infinite. A workgroup a slice of 1024 rows and 64 features, a feature
// a thread; runs of 64 rows keep the float32 sums short.
//
// The points are read as integers: a compiler may take for granted that a float is finite.
//
// UNIT surveys rows brought to unit length by `adjust` [rows]. bad = smallest index of a value that is not finite.
// survey = [d] × { sum, squares, low, high } for each slice.

struct ScaledExtent {
  base: u32,
  rows: u32,
  d: u32,
  first_row: u32,
  shard_row: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> extent: ScaledExtent;
@group(0) @binding(1) var<storage, read> points: array<u32>;
@group(0) @binding(2) var<storage, read> adjust: array<f32>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read> pivot: array<f32>;
@group(0) @binding(5) var<storage, read_write> bad: atomic<u32>;
@group(0) @binding(6) var<storage, read_write> survey: array<vec4f>;

const SLICE = 1024u;
const LARGEST: f32 = 0x1.fffffep127;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let blocks = (extent.d + 63u) / 64u;
  let index = flat(workgroup, grid);
  let slice = index / blocks;
  let j = (index % blocks) * 64u + thread;
  if (slice * SLICE >= extent.rows || j >= extent.d) {
    return;
  }
  var all = vec4f(0.0, 0.0, LARGEST, -LARGEST);
  let end = min((slice + 1u) * SLICE, extent.rows);
  var row = slice * SLICE;
  for (var runs = (end - row + 63u) / 64u; runs > 0u; runs--) {
    var run = vec2f();
    for (var left = min(64u, end - row); left > 0u; left--) {
      let bits = points[extent.base + row * extent.d + j];
      if ((bits & 0x7f800000u) == 0x7f800000u) {
        atomicMin(&bad, (extent.first_row + row) * extent.d + j);
      } else {
        var x = bitcast<f32>(bits);
        let at = extent.shard_row + row;
        if (UNIT) {
          x *= adjust[at];
        }
        let weight = select(1.0, weights[select(0u, at, WEIGHTED)], WEIGHTED);
        if (weight > 0.0) {
          // Halves of float32 numbers have a difference that is one.
          let deviation = (0.5 * x - 0.5 * pivot[j]) * extent.scale * 2.0;
          run += weight * vec2f(deviation, deviation * deviation);
          all.z = min(all.z, x);
          all.w = max(all.w, x);
        }
      }
      row++;
    }
    all.x += run.x;
    all.y += run.y;
  }
  survey[(extent.first_row / SLICE + slice) * extent.d + j] = all;
}
