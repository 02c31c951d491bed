// Components with an upper triangular U each, or one for all: y = (x − m)·U. Features in fours.
//
// A mean is a pair of float32, m = high + low: x − high is nearly always exact, and −low·U starts the sums of y.
//
// model = U [k or 1, d, quads], then high [k, quads], −low·U [k, quads] and the offsets [k] in .x; a vec4 each, padded
// with zeros. quads = ⌈d/4⌉.

/// Squares may overflow: rows that far from a component are all as far.
const FARTHEST: f32 = 1e30;

fn quads() -> u32 {
  return (part.d + 3u) / 4u;
}

fn factor_at(c: u32) -> u32 {
  return select(c, 0u, is_shared()) * part.d * quads();
}

fn high_at(c: u32) -> u32 {
  return (select(part.k, 1u, is_shared()) * part.d + c) * quads();
}

fn addend_at(c: u32) -> u32 {
  return high_at(part.k + c);
}

fn offset_of(c: u32) -> f32 {
  return model[high_at(2u * part.k) + c].x;
}

/// log π·p, from four sums of squares of y.
fn density_of(c: u32, squares: vec4f) -> f32 {
  let offset = offset_of(c);
  return max(fma(-0.5, dot(squares, vec4f(1.0)), offset), offset - FARTHEST);
}
