/** Lets Dawn in Node find SwiftShader, the software Vulkan driver that Chrome carries. */
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { findBrowser } from './browsers.ts';

const DRIVER = 'vk_swiftshader_icd.json';

/** Folder of the driver and of the Vulkan loader beside it; null where there is none. */
export async function softwareVulkanFolder(): Promise<string | null> {
  const chrome = await findBrowser('chrome');
  // Debian's /usr/bin/chromium is a script that starts the one in /usr/lib.
  const folders = [...(chrome === null ? [] : [dirname(realpathSync(chrome))]), '/usr/lib/chromium'];
  return folders.find((folder) => existsSync(join(folder, DRIVER))) ?? null;
}

/** Global set-up: the dynamic linker and Dawn read these variables when a process starts, so workers inherit them. */
export default async function setup(project: TestProject): Promise<void> {
  const folder = await softwareVulkanFolder();
  if (process.platform !== 'linux' || process.env.VK_DRIVER_FILES || folder === null) return;
  project.config.env.VK_DRIVER_FILES = join(folder, DRIVER);
  project.config.env.LD_LIBRARY_PATH = [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(delimiter);
}
