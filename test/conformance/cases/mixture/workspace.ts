/** E-steps by themselves, as fits ask engines for them. */
import { createCpuEngine } from '../../../../src/cpu/engine.ts';
import type { ClusteringEngine, EngineDataset } from '../../../../src/engine/contract.ts';
import type { Gaussians, GaussiansShape } from '../../../../src/engine/gaussians.ts';
import { type Gpu, requestGpu } from '../../../../src/gpu/device.ts';
import { createGpuEngine } from '../../../../src/gpu/engine.ts';
import type { Variant } from '../../../../src/gpu/plan.ts';
import type { SurveyedPoints } from '../../../../src/points.ts';
import { runNow } from '../../../../src/steps.ts';
import { surveyPoints } from '../../../../src/survey.ts';
import type { ConformanceContext } from '../../case.ts';
import { asInput } from '../bounds.ts';
import type { CasePoints } from '../data.ts';

/** The engine as fits have it, or as these say; a limit of bindings is in rows, with some room. */
export async function withDataset(
  { requestDevice }: ConformanceContext,
  points: CasePoints,
  work: (dataset: EngineDataset, device: GPUDevice | undefined) => Promise<void>,
  { bindingRows, variant = {} }: { bindingRows?: number; variant?: Partial<Variant> } = {},
): Promise<void> {
  const device = await requestDevice?.();
  let engine: ClusteringEngine = createCpuEngine();
  if (device !== undefined) {
    const bindingLimit = bindingRows === undefined ? undefined : bindingRows * points.d * 4 + 256;
    engine = createGpuEngine((await requestGpu({ device, softwareToo: true, bindingLimit, variant })) as Gpu);
  }
  try {
    const surveyed = runNow(surveyPoints(asInput(points))) as SurveyedPoints;
    await work(await engine.upload(runNow(surveyed.prepare(engine.backend))), device);
  } finally {
    await engine.destroy();
  }
}

/** Components about these places along the first feature, in the caller's coordinates, that no offset makes likelier. */
export function gaussiansAt(
  { d, frame: { shift, scale } }: EngineDataset,
  shape: GaussiansShape,
  places: readonly number[],
  narrowness: readonly number[] = places.map(() => 1),
): Gaussians {
  const k = places.length;
  const size = shape === 'axes' ? d : d * d;
  const factors = Float64Array.from({ length: shape === 'shared' ? size : k * size }, (_, at) =>
    shape === 'axes' || (at % size) % (d + 1) === 0 ? narrowness[Math.floor(at / size)] / scale : 0,
  );
  return {
    ...{ k, d, shape, factors, sharpness: new Float64Array(k).fill(1), offsets: new Float64Array(k) },
    means: Float64Array.from(
      { length: k * d },
      (_, at) => ((at % d === 0 ? places[at / d] : 0) - shift[at % d]) * scale,
    ),
  };
}
