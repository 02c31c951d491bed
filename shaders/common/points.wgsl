// A part of the points: consecutive rows of one buffer, [rows, d] row-major.
//
// LOAD says what a value needs on its way in: 0 nothing (the host prepared it), 1 the frame of a borrowed buffer,
// (x − adjust[j])·scale, 2 a borrowed row brought to unit length, x·adjust[row].

struct Part {
  base: u32,        // element of the binding at which the part's first row begins
  rows: u32,
  d: u32,
  k: u32,
  chunk_row: u32,   // the part's first row, counted in its buffer: the index into everything that is one value a row
  first_row: u32,   // the same, counted in the dataset
  slice_rows: u32,  // rows of a slice, a power of two; parts begin at slices
  slot: u32,        // where the part's first slice puts its statistics
  scale: f32,
}

@group(0) @binding(0) var<uniform> part: Part;
@group(0) @binding(1) var<storage, read> points: array<f32>;
@group(0) @binding(2) var<storage, read> adjust: array<f32>;

fn load(row: u32, j: u32) -> f32 {
  let x = points[part.base + row * part.d + j];
  if (LOAD == 1u) {
    return (x - adjust[j]) * part.scale;
  }
  if (LOAD == 2u) {
    return x * adjust[part.chunk_row + row];
  }
  return x;
}
