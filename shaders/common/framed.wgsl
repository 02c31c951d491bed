// LOAD says what a value needs on its way in: 0 nothing (the host prepared it), 1 the frame of a borrowed buffer,
// (x − adjust[j])·scale, 2 a borrowed row brought to unit length, x·adjust[row].
//
// In a frame no value of a row that counts is beyond ±LARGEST; rows of weight 0 may be, and are brought there. Quarters
// have a difference, and a bound, that float32 has.

@group(0) @binding(2) var<storage, read> adjust: array<f32>;

const LARGEST: f32 = 0x1p48;

/// x in the frame whose shift at x's feature is `shift`.
fn framed(x: f32, shift: f32) -> f32 {
  let bound = 0.25 * LARGEST / part.scale;
  return clamp(0.25 * x - 0.25 * shift, -bound, bound) * part.scale * 4.0;
}
