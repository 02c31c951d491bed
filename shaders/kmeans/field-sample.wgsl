// A round of k-means‖: each row is drawn with probability factor · weight · distance, all independently. A word of
// 32 rows a thread, a bit a row, so that the rows are read in order. The numbers are those of hashUniform in
// src/random.ts: they belong to (seed, row) alone.

struct Draw {
  factor: f32,
  seed: u32,
}

@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read> distances: array<f32>;
@group(0) @binding(5) var<storage, read_write> drawn: array<u32>;
@group(0) @binding(6) var<uniform> draw: Draw;

fn pcg(value: u32) -> u32 {
  let state = value * 747796405u + 2891336453u;
  let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  return (word >> 22u) ^ word;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let word = flat(workgroup, grid) * 64u + thread;
  if (word * 32u >= part.rows) {
    return;
  }
  var bits = 0u;
  for (var i = 0u; i < 32u; i++) {
    let row = word * 32u + i;
    if (row >= part.rows) {
      break;
    }
    let at = part.shard_row + row;
    let weight = select(1.0, weights[select(0u, at, WEIGHTED)], WEIGHTED);
    let uniform_number = f32(pcg(pcg(part.first_row + row) ^ draw.seed)) / 4294967296.0;
    if (uniform_number < draw.factor * weight * distances[at]) {
      bits |= 1u << i;
    }
  }
  drawn[part.first_row / 32u + word] = bits;
}
