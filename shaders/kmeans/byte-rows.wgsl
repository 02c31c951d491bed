// The rows of a part, for bytes.wgsl: once a fit.

@group(0) @binding(3) var<storage, read_write> bytes: array<u32>;
@group(0) @binding(4) var<storage, read_write> records: array<vec4f>;

fn is_idle() -> bool {
  return false;
}

fn vectors() -> u32 {
  return part.rows;
}

fn place_of(row: u32) -> u32 {
  return part.shard_row + row;
}

fn value(row: u32, j: u32) -> f32 {
  return load(row, j);
}

/// No row is as far as LARGEST.
fn marked(scale: f32, reach: f32) -> f32 {
  return scale;
}

fn start_of(row: u32) -> f32 {
  return 0.0;
}
