/**
 * Compiles WGSL through Dawn on whatever Vulkan driver the environment names; the layer writes what comes of it. Started by
 * compile.mjs with the path of a JSON: [{ wgsl, out }].
 */
import { readFileSync } from 'node:fs';
import { create } from 'webgpu';

const jobs = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const gpu = create(['backend=vulkan', 'enable-dawn-features=allow_unsafe_apis']);
const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
if (adapter === null) throw new Error('Dawn took no adapter of this driver');
const LIMITS = [
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
];
const FEATURES = ['subgroups', 'shader-f16'];
const device = await adapter.requestDevice({
  requiredLimits: Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]])),
  requiredFeatures: FEATURES.filter((name) => adapter.features.has(name)),
});
let failed = 0;
for (const { wgsl, out } of jobs) {
  process.env.KERNEL_STATS_OUT = out;
  const module = device.createShaderModule({ code: readFileSync(wgsl, 'utf8') });
  try {
    await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main' } });
  } catch (error) {
    failed++;
    const { messages } = await module.getCompilationInfo();
    const said = messages.map(({ lineNum, message }) => `\n${wgsl}:${lineNum}: ${message}`);
    console.error(`${wgsl}: ${error.message}${said.join('')}`);
  }
}
// Until here all three have to live: without them Dawn crashes.
void [gpu, adapter, device];
process.exit(failed === 0 ? 0 : 1);
