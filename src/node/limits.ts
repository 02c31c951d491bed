/** Limits whose defaults are lower than what most adapters have, and which bound the size of a shard or a tile. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupsPerDimension',
] as const satisfies readonly (keyof GPUSupportedLimits)[];

/** The highest limits of an adapter, for a device that others use too. */
export function highestLimits({ limits }: GPUAdapter): Record<string, GPUSize64> {
  return Object.fromEntries(LIMITS.map((limit) => [limit, limits[limit]]));
}
