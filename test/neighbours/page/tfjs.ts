import '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { input, N, type Neighbour, WIDTH } from '../neighbour.ts';

export async function open(): Promise<Neighbour> {
  await tf.setBackend('webgpu');
  await tf.ready();
  const { device } = tf.backend() as unknown as { device: GPUDevice };
  const given = tf.tensor2d(input(), [N, WIDTH]);
  const compute = () => tf.tidy(() => tf.sqrt(tf.add(tf.mul(given, given), 1)));
  const tensor = compute();
  const { buffer } = tensor.dataToGPU();
  return {
    device,
    points: { buffer: buffer!, shape: tensor.shape },
    rows: async () => (await tensor.data()) as Float32Array,
    again: async () => {
      const again = compute();
      const values = (await again.data()) as Float32Array;
      again.dispose();
      return values;
    },
    read: async (labels) => {
      const tensor = tf.tensor({ buffer: labels, zeroCopy: true }, [N], 'int32');
      const values = await tf.add(tensor, tf.scalar(0, 'int32')).data();
      tensor.dispose();
      return values;
    },
  };
}
