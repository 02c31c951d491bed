// Components with an upper triangular U each, or one for all: y = (x − m)·U. Features in fours.
//
// A mean is a pair of float32, m = high + low: x − high is nearly always exact, and −low·U starts the sums of y.
//
// Where features are correlated the terms of y are large and cancel: by √κ, and more the farther a row lies along the
// correlation. Float32 would lose as many digits of y, by rounding U, x − m and the sums. Such a component has a step:
// its y is the exact sum of coarse terms and a plain sum of what these lack, which is small.
// - U = coarse + rest. The coarse part of a column has few enough bits, and so has that of x − m, that the sum of their
//   d products is a float32: it is exact in any order. Of x − m these are the bits above a grid that the row's largest
//   term sets, times `step`.
// - x is cut at a unit of its feature (terms of about 1) before anything is subtracted, and `high` is a multiple of that
//   unit, so that the difference is exact as well.
// Nothing here minds reassociation, as a two-sum would, but for one: the exact sum is whole before anything else is added. So
// it comes out of a loop, or of memory.
//
// model = [k] the offset in .x and the step in .y; then high [k, quads], −low·U [k, quads], the units [k or 1, quads], 0 where
// sums are plain, and U or its coarse part [k or 1, d, quads]; then, where d may have steps, the rest of U [k or 1, d, quads];
// a vec4 each, padded with zeros. quads = ⌈d/4⌉. Another model may follow, at `base`: see Task.about. Addresses that are
// asked for early and late are not made of the same terms: Intel's compiler would keep them in registers that it has not.

fn quads() -> u32 {
  return (part.d + 3u) / 4u;
}

/// Which U is a component's.
fn matrix_of(c: u32) -> u32 {
  return select(c, 0u, SHARED);
}

fn matrices() -> u32 {
  return select(part.k, 1u, SHARED);
}

fn high_at(base: u32, c: u32) -> u32 {
  return base + part.k + c * quads();
}

fn addend_at(base: u32, c: u32) -> u32 {
  return high_at(base, part.k + c);
}

fn unit_at(base: u32, c: u32) -> u32 {
  return high_at(base, 2u * part.k + matrix_of(c));
}

fn factor_at(base: u32, c: u32) -> u32 {
  return high_at(base, 2u * part.k + matrices() + matrix_of(c) * part.d);
}

fn rest_at(base: u32, c: u32) -> u32 {
  return high_at(base, 2u * part.k + matrices() + (matrices() + matrix_of(c)) * part.d);
}

/// Whether the sums of a component are exact.
fn has_step(base: u32, c: u32) -> bool {
  return model[unit_at(base, c)].x > 0.0;
}

fn step_of(base: u32, c: u32) -> f32 {
  return model[base + c].y;
}

/// The largest power of two that is at most x, x ≥ 0; 0 of less than the least normal number.
fn power_of(x: vec4f) -> vec4f {
  return bitcast<vec4f>(bitcast<vec4u>(x) & vec4u(0x7f800000u));
}

/// The nearest multiple of a power of two.
fn on_grid(x: vec4f, grid: vec4f) -> vec4f {
  return round(x / grid) * grid;
}

/// The grid of a row's coarse parts, in units, from its largest difference in units.
fn grid_of(reach: vec4f, step: f32) -> vec4f {
  return max(vec4f(1.0), power_of(reach) * step);
}

/// What a quad of y adds to the sum of squares.
fn square(y: vec4f) -> f32 {
  let within = clamp(y, vec4f(-LARGEST_Y), vec4f(LARGEST_Y));
  return dot(within, within);
}

/// log π·p, from the sum of squares of y.
fn density_of(c: u32, squares: f32) -> f32 {
  let offset = model[c].x;
  return max(fma(-0.5, squares, offset), offset - FARTHEST);
}
