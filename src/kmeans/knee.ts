/** A fall by more than the mean step of x, from where the curve was farthest from its chord, makes that a knee. */
const SENSITIVITY = 1;

/**
 * Where a curve that falls ever less steeply bends: Kneedle (Satopaa et al. 2011) on all of its values, which are taken as
 * they are, without smoothing. Of several knees it is the first.
 *
 * @param x ascending, all of them different: [n]
 * @param y [n]
 * @returns the index of the knee; null where there is none.
 */
export function kneeOf(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  const n = x.length;
  const highest = Array.from(y).reduce((a, b) => Math.max(a, b), -Infinity);
  const height = highest - Array.from(y).reduce((a, b) => Math.min(a, b), Infinity);
  if (n < 3 || height === 0) return null;
  // How far the curve lies under the chord from its first point to its last, both axes scaled to 1.
  const gaps = Array.from(y, (value, i) => (highest - value) / height - (x[i] - x[0]) / (x[n - 1] - x[0]));
  let knee = 0;
  let threshold = -Infinity;
  for (let i = 1; i < n; i++) {
    if (gaps[i] < threshold) return knee;
    const rises = gaps[i] > gaps[i - 1];
    if (rises && gaps[i] >= gaps[i + 1]) {
      knee = i;
      threshold = gaps[i] - SENSITIVITY / (n - 1);
    } else if (gaps[i] < gaps[i - 1] && gaps[i] < gaps[i + 1]) {
      // The curve bends away from the chord again before it has come close: that was no knee.
      threshold = -Infinity;
    }
  }
  return null;
}
