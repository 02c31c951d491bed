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
// - x is cut at a unit of its feature, a power of two by which terms are about 1, before anything is subtracted. It is
//   counted in units, as are `high`, a whole number of them, and the rows of U, so that the difference is exact as well.
// Nothing here minds reassociation, as a two-sum would, but for one: the exact sum is whole before anything else is added. So
// it comes out of memory, or of a maximum.
//
// model = [k] of the offset in .x and the step in .y, high [quads], −low·U [quads]; then [k or 1] of 1/unit [quads], 0 where
// sums are plain, U or its coarse part [d, quads], and where EXACT the rest of U [d, quads]; a vec4 each, padded with zeros.
// quads = ⌈d/4⌉. Another model may follow, at `base`: see Task.about.

fn quads() -> u32 {
  return (features() + 3u) / 4u;
}

fn matrices() -> u32 {
  return select(part.k, 1u, SHARED);
}

/// Where the offset and the step of a component are.
fn component_at(base: u32, c: u32) -> u32 {
  return base + c * (1u + 2u * quads());
}

fn high_at(base: u32, c: u32) -> u32 {
  return component_at(base, c) + 1u;
}

fn addend_at(base: u32, c: u32) -> u32 {
  return high_at(base, c) + quads();
}

fn inverse_at(base: u32, c: u32) -> u32 {
  let matrix = select(c, 0u, SHARED);
  return component_at(base, part.k) + matrix * (1u + select(1u, 2u, EXACT) * features()) * quads();
}

fn factor_at(base: u32, c: u32) -> u32 {
  return inverse_at(base, c) + quads();
}

fn rest_at(base: u32, c: u32) -> u32 {
  return factor_at(base, c) + features() * quads();
}

/// Whether the sums of a component are exact.
fn has_step(base: u32, c: u32) -> bool {
  return model[inverse_at(base, c)].x > 0.0;
}

fn step_of(base: u32, c: u32) -> f32 {
  return model[component_at(base, c)].y;
}

/// The largest power of two that is at most x, x ≥ 0; 0 of less than the least normal number.
fn power_of(x: vec4f) -> vec4f {
  return bitcast<vec4f>(bitcast<vec4u>(x) & vec4u(0x7f800000u));
}

/// The grid of a row's coarse parts, in units, from its largest difference in units.
fn grid_of(reach: vec4f, step: f32) -> vec4f {
  return max(vec4f(1.0), power_of(reach) * step);
}

/// The nearest multiples of a grid, a power of two from 1 on.
fn on_grid(x: vec4f, grid: vec4f) -> vec4f {
  return round(x * bitcast<vec4f>(vec4u(0x7f000000u) - bitcast<vec4u>(grid))) * grid;
}

/// y, within what has a square: also where it is no number, of a component that no row reaches, and which weighs nothing.
fn bounded(y: vec4f) -> vec4f {
  return clamp(y, vec4f(-LARGEST_Y), vec4f(LARGEST_Y));
}

/// log π·p, from the sum of squares of y.
fn density_of(c: u32, squares: f32) -> f32 {
  let offset = model[component_at(0u, c)].x;
  return max(fma(-0.5, squares, offset), offset - FARTHEST);
}
