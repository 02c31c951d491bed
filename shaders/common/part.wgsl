// A part of the points: consecutive rows of one buffer, [rows, d] row-major.

struct Part {
  base: u32,        // element of the binding at which the part's first row begins
  rows: u32,
  d: u32,
  k: u32,
  shard_row: u32,   // the part's first row, counted in its buffer: the index into everything that is one value a row
  first_row: u32,   // the same, counted in the dataset
  slice_rows: u32,  // rows of a slice, a power of two; parts begin at slices
  slot: u32,        // where the part's first slice puts its statistics
  scale: f32,
}

@group(0) @binding(0) var<uniform> part: Part;
