import { expect, test } from 'vitest';
import { deltaE2000, toCielab, toOklab } from '../reference/colour.ts';

// Pairs of table 1 in the paper: greys, hues on both sides of 0°, dark and blue colours.
test.each([
  [[50, 2.6772, -79.7751], [50, 0, -82.7485], 2.0425],
  [[50, 0, 0], [50, -1, 2], 2.3669],
  [[50, 2.49, -0.001], [50, -2.49, 0.0009], 7.1792],
  [[50, 2.5, 0], [50, 0, -2.5], 4.3065],
  [[50, 2.5, 0], [58, 24, 15], 19.4535],
  [[60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644],
  [[6.7747, -0.2908, -2.4247], [5.8714, -0.0985, -2.2286], 0.6377],
] as const)('CIEDE2000 of %j and %j is %d', (p, q, difference) => {
  expect(deltaE2000(p, q)).toBeCloseTo(difference, 4);
  expect(deltaE2000(q, p)).toBeCloseTo(difference, 4);
});

test.each([
  ['OKLab', toOklab, [255, 255, 255], [1, 0, 0]],
  ['OKLab', toOklab, [255, 0, 0], [0.628, 0.2249, 0.1258]],
  ['CIELAB', toCielab, [255, 255, 255], [100, 0, 0]],
  ['CIELAB', toCielab, [0, 0, 255], [32.3, 79.19, -107.86]],
] as const)('%s of some colours', (_, convert, rgb, wanted) => {
  convert(rgb).forEach((value, i) => {
    expect(Math.abs(value - wanted[i])).toBeLessThanOrEqual(1e-3 * Math.max(...wanted));
  });
});
