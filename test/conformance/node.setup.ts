import type { TestProject } from 'vitest/node';
import { findBrowser } from '../browsers.ts';
import { dawnDriver } from '../vulkan.ts';

/** Starts the workers with SwiftShader as their Vulkan driver, unless one is chosen already. */
export default async function setup(project: TestProject): Promise<void> {
  project.config.env = { ...project.config.env, ...dawnDriver(await findBrowser('chrome')) };
}
