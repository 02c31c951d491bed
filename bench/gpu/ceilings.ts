/** What the adapter does at best, by two shaders: the rate of float32 multiply-adds, and that of copies. Runs in pages too. */
import { COMPUTE, Usage } from '../../src/gpu/flags.ts';
import type { Meter } from './meter.ts';

export interface Ceilings {
  /** Floating-point operations a second, a multiply-add being two. */
  readonly flopsPerSecond: number;
  /** Bytes read and written a second. */
  readonly bytesPerSecond: number;
}

const THREADS = 256;
/** Independent sums of a thread, in vectors of four: as many as hide a pipe's latency on all GPUs. */
const CHAINS = 8;
const STEPS = 256;

const MULTIPLY_ADDS = `
@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> target_: array<vec4f>;

@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3u) {
  // Of values that no compiler knows, and that stay finite.
  let factor = source[0];
  let term = source[1];
${chains((c) => `  var sum${c} = factor * ${c + 1}.0 + f32(id.x % 7u);`)}
  for (var step = 0u; step < ${STEPS}u; step++) {
${chains((c) => `    sum${c} = fma(sum${c}, factor, term);`)}
  }
  let total = ${Array.from({ length: CHAINS }, (_, c) => `sum${c}`).join(' + ')};
  if (total.x == 12345.678) { target_[0] = total; }
}`;

const COPY = `
@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> target_: array<vec4f>;

@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let at = id.y * grid.x * ${THREADS}u + id.x;
  if (at < arrayLength(&source)) { target_[at] = source[at]; }
}`;

function chains(line: (c: number) => string): string {
  return Array.from({ length: CHAINS }, (_, c) => line(c)).join('\n');
}

/** GPU time of what is timed, at least: shorter ones are all start and end. */
const ENOUGH_MS = { large: 50, small: 5 };
const RUNS = 5;

export async function measureCeilings(meter: Meter, isSmall: boolean): Promise<Ceilings> {
  const { device } = meter;
  const most = isSmall ? 2 ** 22 : 2 ** 28;
  const bytes = Math.min(most, device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
  const [source, target] = [0, 1].map(() =>
    device.createBuffer({ size: bytes, usage: Usage.STORAGE | Usage.COPY_DST | Usage.COPY_SRC }),
  );
  try {
    // Not zeros, which some memories keep apart: they would be copied faster than points.
    const values = Float32Array.from({ length: 2 ** 18 }, () => 0.5 + Math.random() / 2);
    for (let at = 0; at < bytes; at += values.byteLength) {
      device.queue.writeBuffer(source, at, values, 0, Math.min(values.length, (bytes - at) / 4));
    }
    const enoughMs = isSmall ? ENOUGH_MS.small : ENOUGH_MS.large;
    const threads = THREADS * (isSmall ? 64 : 2 ** 14);
    const timed = async (code: string, workgroups: number) => {
      const run = await dispatcher(meter, code, source, target, workgroups);
      let times = 1;
      while ((await run(times)) < enoughMs && times < 2 ** 20) times *= 2;
      let best = Infinity;
      for (let i = 0; i < RUNS; i++) best = Math.min(best, (await run(times)) / times);
      return best / 1000;
    };
    const multiplyAdds = await timed(MULTIPLY_ADDS, threads / THREADS);
    const copy = await timed(COPY, bytes / 16 / THREADS);
    return {
      flopsPerSecond: (2 * 4 * CHAINS * STEPS * threads) / multiplyAdds,
      bytesPerSecond: (2 * bytes) / copy,
    };
  } finally {
    source.destroy();
    target.destroy();
  }
}

const MOST_WORKGROUPS = 65_535;

/** Milliseconds of so many dispatches: the GPU's own where it tells. */
async function dispatcher(
  meter: Meter,
  code: string,
  source: GPUBuffer,
  target: GPUBuffer,
  workgroups: number,
): Promise<(times: number) => Promise<number>> {
  const { device } = meter;
  const layout = device.createBindGroupLayout({
    entries: (['read-only-storage', 'storage'] as const).map((type, binding) => ({
      binding,
      visibility: COMPUTE,
      buffer: { type },
    })),
  });
  const pipeline = await device.createComputePipelineAsync({
    label: 'ceiling',
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module: device.createShaderModule({ code }), entryPoint: 'main' },
  });
  const entries = [source, target].map((buffer, binding) => ({ binding, resource: { buffer } }));
  const group = device.createBindGroup({ layout, entries });
  const rows = Math.ceil(workgroups / MOST_WORKGROUPS);
  return async (times) => {
    const work = async () => {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      for (let i = 0; i < times; i++) pass.dispatchWorkgroups(Math.ceil(workgroups / rows), rows);
      pass.end();
      const before = performance.now();
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
      return performance.now() - before;
    };
    let wall = 0;
    const told = await meter.kernelTimes(async () => (wall = await work()));
    return told?.ceiling || wall;
  };
}
