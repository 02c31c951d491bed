import { expect, it } from 'vitest';
import { mat4, vec3 } from 'wgpu-matrix';
import type { AxisInfo, SceneInfo } from '../../demo/picture/scene.ts';
import { homeView, type OrbitView, project, toPixels } from '../../demo/picture/view.ts';

const axis = (low: number, high: number): AxisInfo => ({
  ...{ title: '', measure: 'number', step: 0 },
  ...{ home: [low, high], range: [low, high] },
});
const scene: SceneInfo = {
  axes: { kind: 'space', x: 0, y: 1, z: 2 },
  info: [axis(0, 10), axis(-3, 5), axis(100, 140)],
  shares: null,
};
const home = homeView(scene) as OrbitView;
const size = { width: 900, height: 600 };

it.each([
  { ...home },
  { ...home, turn: 2.1, tilt: -0.7 },
  { ...home, turn: -3, tilt: 1.2, zoom: 2.5, right: 0.2, up: -0.1 },
])('the scene is seen from a side as a camera looks at a cube: $turn, $tilt', (view) => {
  const { turn, tilt, zoom, right, up } = view;
  const eye = vec3.create(Math.cos(tilt) * Math.cos(turn), Math.cos(tilt) * Math.sin(turn), Math.sin(tilt));
  const camera = mat4.lookAt(vec3.scale(eye, 10), [0, 0, 0], [0, 0, 1]);
  const matrix = toPixels(view, scene, size);
  const [left, top] = project(matrix, [5, 1, 120]);
  expect(left).toBeCloseTo(size.width * (0.5 + right), 6);
  expect(top).toBeCloseTo(size.height * (0.5 - up), 6);
  const scale = (zoom * 300) / 1.65;
  for (const [x, y, z] of [
    [0, 0, 0],
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [-0.3, 0.8, 0.5],
  ]) {
    const seen = vec3.transformMat4([x, y, z], camera);
    const [column, row] = project(matrix, [5 + 5 * x, 1 + 4 * y, 120 + 20 * z]);
    // wgpu-matrix computes in single precision.
    expect((column - left) / scale).toBeCloseTo(seen[0], 5);
    expect((row - top) / scale).toBeCloseTo(-seen[1], 5);
  }
});
