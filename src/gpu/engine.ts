import type { ClusteringEngine } from '../engine.ts';
import type { Gpu } from './device.ts';
export function createGpuEngine(_gpu: Gpu): ClusteringEngine {
  throw new Error('not yet');
}
