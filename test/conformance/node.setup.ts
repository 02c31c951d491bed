import type { TestProject } from 'vitest/node';
import { findBrowser } from '../browsers.ts';
import { swiftShader } from '../vulkan.ts';

/** Starts the workers with SwiftShader as their Vulkan driver, unless one is chosen already. */
export default async function setup(project: TestProject): Promise<void> {
  if (process.platform !== 'linux' || process.env.VK_DRIVER_FILES) return;
  project.config.env = { ...project.config.env, ...swiftShader(await findBrowser('chrome')) };
}
