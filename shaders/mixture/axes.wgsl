// Four components at a time, each with a mean and a factor a feature: y = (x − m)·u.
//
// A mean is a pair of float32, m = high + low: x − high is nearly always exact, and low·u is folded into one addend, so
// that a mean costs no digits where components are narrow beside their distance from the origin.
//
// model = for each four components: offsets, −½·sharpness, then high, u and −low·u of every feature; a vec4 each.
// Components that are not there have an offset of −3e37. Another model may follow: see Task.about.

/// Rows that far from all components are left to the host: their squares are no float32.
const FARTHEST: f32 = 0x1p119;
/// Half of its square is FARTHEST.
const LARGEST_Y: f32 = 0x1p60;

fn logs_of(row: u32, four: u32) -> vec4f {
  let base = four * (3u * part.d + 2u);
  var square = vec4f();
  // Runs: one long float32 sum of hundreds of squares would cost two digits of a responsibility.
  for (var first = 0u; first < part.d; first += 16u) {
    var run = vec4f();
    for (var j = first; j < min(first + 16u, part.d); j++) {
      let at = base + 2u + 3u * j;
      let y = fma(vec4f(load(row, j)) - model[at], model[at + 1u], model[at + 2u]);
      let within = clamp(y, vec4f(-LARGEST_Y), vec4f(LARGEST_Y));
      run = fma(within, within, run);
    }
    square += run;
  }
  return max(fma(model[base + 1u], square, model[base]), model[base] - FARTHEST);
}
