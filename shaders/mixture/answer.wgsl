// What a row answers to the components: an online log-sum-exp (Milakov and Gimelshein 2018) at a temperature.
//
// v = log π·p of a component, less the largest offset of all. Responsibilities are r ∝ exp(v/T); T = 0 gives the row to
// the component of the largest v, the lowest index of equals. Differences end at −200·T, where the exponential is 0 in
// float32: nothing overflows, however small T is and however far a row lies.

struct Task {
  temperature: f32,
  inverse: f32,    // 1/T; 0 where T is 0
  weighted: u32,   // whether the rows have weights
  about: u32,      // where another model begins: with the answers of the pass before, the moments are about that one
}

struct Answer {
  best: f32,   // the largest v
  sum: f32,    // Σ exp((v − best)/T)
  label: u32,  // its component
}

/// The label of a row that is too far for float32, which has no moments here.
const FAR = 0xffffffffu;

const NOBODY = Answer(-3.4e38, 0.0, 0u);

fn softened(difference: f32) -> f32 {
  return exp(max(difference, -200.0 * task.temperature) * task.inverse);
}

fn consider(answer: ptr<function, Answer>, v: f32, c: u32) {
  let closer = v > (*answer).best;
  let share = softened(-abs(v - (*answer).best));
  (*answer).sum = select((*answer).sum + share, fma((*answer).sum, share, 1.0), closer);
  (*answer).label = select((*answer).label, c, closer);
  (*answer).best = max((*answer).best, v);
}

/// T·log Σ exp(v/T).
fn value_of(answer: Answer) -> f32 {
  return answer.best + task.temperature * logarithm(max(answer.sum, 1.0));
}

/// log x, x ≥ 1, to float32's own precision: WGSL's may be off by 2⁻²¹, always to one side, which T multiplies. With
/// x = 2ⁿ·m, m about 1, and f = (m − 1)/(m + 1), it is n·log 2 + 2·artanh f; the next term is f¹¹/11 < 4e-10.
fn logarithm(x: f32) -> f32 {
  let parts = frexp(x);
  let low = parts.fract < 0.70710678;
  let m = select(parts.fract, 2.0 * parts.fract, low);
  let n = f32(parts.exp - select(0, 1, low));
  let f = (m - 1.0) / (m + 1.0);
  let square = f * f;
  let series = fma(square, fma(square, fma(square, fma(square, 1.0 / 9.0, 1.0 / 7.0), 0.2), 1.0 / 3.0), 1.0);
  return fma(n, 0.69314718, 2.0 * f * series);
}

/// The responsibility of component c.
fn share_of(v: f32, c: u32, answer: Answer) -> f32 {
  if (answer.label == FAR) {
    return 0.0;
  }
  if (task.temperature == 0.0) {
    return select(0.0, 1.0, c == answer.label);
  }
  return softened(min(v - answer.best, 0.0)) / answer.sum;
}
