/** Which adapter is taken, what a device of it is given, and whether it is one of hardware. */

export async function requestAdapter(): Promise<GPUAdapter | null> {
  const gpu = (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
  return (await gpu?.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null)) ?? null;
}

/** All the room that there is, for points and for tiles of them: the defaults are lower. */
export function roomOf({ limits }: GPUAdapter): Record<string, GPUSize64> {
  const { maxStorageBufferBindingSize, maxBufferSize, maxComputeWorkgroupStorageSize } = limits;
  return { maxStorageBufferBindingSize, maxBufferSize, maxComputeWorkgroupStorageSize };
}

export function isSoftware(info: GPUAdapterInfo | undefined): boolean {
  if (info === undefined) return false;
  // Not every implementation tells it by the flag.
  const names = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
  return info.isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe|basic render/i.test(names);
}
