/** Software Vulkan drivers, for machines without a GPU. */
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** One line that says what to install. */
export const missingDriver = 'no Vulkan driver for Dawn: SwiftShader comes with chromium';

/**
 * Dawn's, in Node and, behind `--`, in Chrome: workgroup memory is zeroed by the shader, as on platforms other than
 * Vulkan. Where the driver does it, SwiftShader compiles a store for each word, which takes seconds a kernel.
 */
export const dawnFlags = ['disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension'];

const SWIFTSHADER = 'vk_swiftshader_icd.json';

/** Whether the system has a Vulkan driver, of a GPU or Mesa's llvmpipe. */
export function hasVulkanDriver(): boolean {
  if (process.platform !== 'linux' || process.env.VK_DRIVER_FILES) return true;
  return ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d'].some(
    (folder) => existsSync(folder) && readdirSync(folder).length > 0,
  );
}

/**
 * The variables that let a process find SwiftShader, which Chrome carries beside itself with a Vulkan loader, or null
 * where there is none. They count only when a process starts with them.
 */
export function swiftShader(chrome: string | null): Record<string, string> | null {
  // Debian's /usr/bin/chromium is a script that starts the one in /usr/lib.
  const folders = [...(chrome === null ? [] : [dirname(realpathSync(chrome))]), '/usr/lib/chromium'];
  const folder = folders.find((folder) => existsSync(join(folder, SWIFTSHADER)));
  if (folder === undefined) return null;
  return {
    VK_DRIVER_FILES: join(folder, SWIFTSHADER),
    // Layers of the system's, which look for a display.
    VK_LOADER_LAYERS_DISABLE: '~implicit~',
    LD_LIBRARY_PATH: [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(delimiter),
  };
}

/** The variables that Dawn in Node starts with: none where a driver is chosen already, null where there is none. */
export function dawnDriver(chrome: string | null): Record<string, string> | null {
  if (process.platform !== 'linux' || process.env.VK_DRIVER_FILES) return {};
  return swiftShader(chrome);
}
