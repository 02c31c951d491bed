// @ts-check
import { onnxModel } from './onnx.mjs';

/** Filters are squares of so many pixels, and what they find is averaged over larger ones. */
const SIDE = 9;
const AROUND = 17;
/** Pixels of a period of stripes that a filter looks for, and directions. */
const PERIOD = 6;
const ANGLES = [0, 45, 90, 135];

/** Features of a pixel: for each direction an even filter and an odd one. */
const FEATURES = 2 * ANGLES.length;

/**
 * A small network, as the first layers of those that see are: filters of Gabor's for stripes of four directions, how much
 * each finds, whatever the phase, and the average of that over the surroundings of a pixel. One row for each pixel.
 *
 * @param {number} height
 * @param {number} width
 */
export function filterModel(height, width) {
  const around = (/** @type {number} */ side) => Array.from({ length: 4 }, () => (side - 1) / 2);
  return onnxModel({
    inputs: [{ name: 'image', type: 'float32', dims: [1, 1, height, width] }],
    outputs: [{ name: 'rows', type: 'float32', dims: [height * width, FEATURES] }],
    constants: [
      { name: 'filters', dims: [FEATURES, 1, SIDE, SIDE], data: filters() },
      { name: 'shape', dims: [2], data: BigInt64Array.of(BigInt(height * width), BigInt(FEATURES)) },
    ],
    steps: [
      {
        op: 'Conv',
        inputs: ['image', 'filters'],
        outputs: ['found'],
        attributes: { kernel_shape: [SIDE, SIDE], pads: around(SIDE) },
      },
      { op: 'Abs', inputs: ['found'], outputs: ['strength'] },
      {
        op: 'AveragePool',
        inputs: ['strength'],
        outputs: ['averages'],
        attributes: { kernel_shape: [AROUND, AROUND], pads: around(AROUND) },
      },
      { op: 'Transpose', inputs: ['averages'], outputs: ['last'], attributes: { perm: [0, 2, 3, 1] } },
      { op: 'Reshape', inputs: ['last', 'shape'], outputs: ['rows'] },
    ],
  });
}

/** Waves under a bell, which add up to nothing: equal brightness finds nothing. */
function filters() {
  const middle = (SIDE - 1) / 2;
  const each = ANGLES.flatMap((angle) => {
    const direction = (angle * Math.PI) / 180;
    return [0, Math.PI / 2].map((phase) => {
      const values = Array.from({ length: SIDE * SIDE }, (_, i) => {
        const [x, y] = [(i % SIDE) - middle, Math.floor(i / SIDE) - middle];
        const along = x * Math.cos(direction) + y * Math.sin(direction);
        return Math.exp(-(x * x + y * y) / (2 * (SIDE / 5) ** 2)) * Math.cos((2 * Math.PI * along) / PERIOD + phase);
      });
      const mean = values.reduce((sum, value) => sum + value) / values.length;
      return values.map((value) => value - mean);
    });
  });
  return Float32Array.from(each.flat());
}
