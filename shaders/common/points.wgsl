// The values of a part, one by one.

@group(0) @binding(1) var<storage, read> points: array<f32>;

fn load(row: u32, j: u32) -> f32 {
  let x = points[part.base + row * part.d + j];
  if (LOAD == 1u) {
    return framed(x, adjust[j]);
  }
  if (LOAD == 2u) {
    return x * adjust[part.shard_row + row];
  }
  return x;
}
