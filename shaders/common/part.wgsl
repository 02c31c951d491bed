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
@group(0) @binding(2) var<storage, read> adjust: array<f32>;

// LOAD says what a value needs on its way in: 0 nothing (the host prepared it), 1 the frame of a borrowed buffer,
// (x − adjust[j])·scale, 2 a borrowed row brought to unit length, x·adjust[row].
//
// In a frame no value of a row that counts is beyond ±LARGEST; rows of weight 0 may be, and are brought there. Quarters
// have a difference, and a bound, that float32 has.

const LARGEST: f32 = 0x1p48;

/// x in the frame whose shift at x's feature is `shift`.
fn framed(x: f32, shift: f32) -> f32 {
  let bound = 0.25 * LARGEST / part.scale;
  return clamp(0.25 * x - 0.25 * shift, -bound, bound) * part.scale * 4.0;
}
