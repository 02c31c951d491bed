/** Models of ONNX, made here. */
import { onnxModel } from '../../demo/examples/onnx/onnx.mjs';
import { WIDTH } from './neighbour.ts';

const WIDE = 7;

/** max(input × weights + bias, 0), a layer as models have them. */
export function layer(): Uint8Array {
  const weights = Float32Array.from({ length: WIDTH * WIDE }, (_, at) => ((at * 31) % 17) / 17);
  const bias = Float32Array.from({ length: WIDE }, (_, j) => (j % 3) - 0.5);
  return onnxModel({
    inputs: [{ name: 'input', type: 'float32', dims: ['n', WIDTH] }],
    outputs: [{ name: 'rows', type: 'float32', dims: ['n', WIDE] }],
    constants: [
      { name: 'weights', dims: [WIDTH, WIDE], data: weights },
      { name: 'bias', dims: [WIDE], data: bias },
    ],
    steps: [
      { op: 'MatMul', inputs: ['input', 'weights'], outputs: ['products'] },
      { op: 'Add', inputs: ['products', 'bias'], outputs: ['sums'] },
      { op: 'Relu', inputs: ['sums'], outputs: ['rows'] },
    ],
  });
}

/** table[labels]: takes labels as int32. */
export function lookUp(): Uint8Array {
  return onnxModel({
    inputs: [
      { name: 'table', type: 'float32', dims: ['k', 1] },
      { name: 'labels', type: 'int32', dims: ['n'] },
    ],
    outputs: [{ name: 'found', type: 'float32', dims: ['n', 1] }],
    steps: [{ op: 'Gather', inputs: ['table', 'labels'], outputs: ['found'] }],
  });
}
