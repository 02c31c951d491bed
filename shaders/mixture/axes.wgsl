// Four components at a time, each with a mean and a factor a feature: y = (x − m)·u.
//
// A mean is a pair of float32, m = high + low: x − high is nearly always exact, and low·u is folded into one addend, so
// that a mean costs no digits where components are narrow beside their distance from the origin.
//
// model = whether no y can be beyond ±LARGEST_Y, in .x; then for each four components: offsets, −½·sharpness, and high, u
// and −low·u of every feature; a vec4 each. Components that are not there have an offset of −3e37. Another model may
// follow: see Task.about.

/// Where the three vectors of a feature of four components are.
fn feature_at(base: u32, four: u32, j: u32) -> u32 {
  return base + 3u + four * (3u * part.d + 2u) + 3u * j;
}
