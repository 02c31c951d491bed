/** Finding, fetching and launching the browsers that the tests run in. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import {
  Browser as BrowserKind,
  ChromeReleaseChannel,
  computeSystemExecutablePath,
  getInstalledBrowsers,
} from '@puppeteer/browsers';
import { type Browser, launch } from 'puppeteer';
import { aptInstall, isDebian, isExecutable, onPath, run } from './system.ts';
import { dawnFlags, hasVulkanDriver, swiftShader } from './vulkan.ts';

export type BrowserName = 'chrome' | 'firefox';

interface Place {
  readonly variables: readonly string[];
  readonly commands: readonly string[];
  /** Debian's packages, with the software renderer that WebGPU runs on where there is no GPU. */
  readonly packages: readonly string[];
  readonly missing: string;
  readonly incapable: string;
}

const PLACES: Readonly<Record<BrowserName, Place>> = {
  chrome: {
    variables: ['CHROME_PATH', 'PUPPETEER_EXECUTABLE_PATH'],
    commands: ['chromium', 'google-chrome', 'google-chrome-stable', 'chromium-browser'],
    packages: ['chromium'],
    missing: 'no Chrome: install chromium (apt-get install chromium) or name one in CHROME_PATH',
    incapable: 'has no WebGPU adapter: apt-get update && apt-get install chromium, or name a newer one in CHROME_PATH',
  },
  firefox: {
    variables: ['FIREFOX_PATH'],
    commands: ['firefox', 'firefox-esr'],
    packages: ['firefox-esr', 'libvulkan1', 'mesa-vulkan-drivers'],
    missing: 'no Firefox: install firefox-esr (apt-get install firefox-esr) or name one in FIREFOX_PATH',
    incapable:
      'has no WebGPU adapter: apt-get update && apt-get install firefox-esr libvulkan1 mesa-vulkan-drivers, or name a newer one in FIREFOX_PATH',
  },
};

/** One line that says what to install. */
export function missingBrowser(name: BrowserName): string {
  return PLACES[name].missing;
}

/** The same of a browser that is there but cannot do what the tests need. */
export function incapableBrowser(name: BrowserName, executablePath: string): string {
  return `${executablePath} ${PLACES[name].incapable}`;
}

/** The executable: named by the environment, in puppeteer's cache, on the PATH, or where the system keeps it. */
export async function findBrowser(name: BrowserName): Promise<string | null> {
  return named(name) ?? (await cached(name)) ?? onPath(PLACES[name].commands) ?? installed(name);
}

function named(name: BrowserName): string | null {
  for (const variable of PLACES[name].variables) {
    const path = process.env[variable];
    if (!path) continue;
    if (!isExecutable(path)) throw new Error(`${variable} names ${path}, which cannot be executed`);
    return path;
  }
  return null;
}

async function cached(name: BrowserName): Promise<string | null> {
  const cacheDir = process.env.PUPPETEER_CACHE_DIR ?? join(homedir(), '.cache', 'puppeteer');
  if (!existsSync(cacheDir)) return null;
  const found = (await getInstalledBrowsers({ cacheDir })).filter(({ browser }) => browser === name);
  return found.pop()?.executablePath ?? null;
}

function installed(name: BrowserName): string | null {
  const path = name === 'chrome' ? systemChrome() : '/Applications/Firefox.app/Contents/MacOS/firefox';
  return path !== null && isExecutable(path) ? path : null;
}

function systemChrome(): string | null {
  try {
    return computeSystemExecutablePath({ browser: BrowserKind.CHROME, channel: ChromeReleaseChannel.STABLE });
  } catch {
    return null;
  }
}

/**
 * Fetches the browser where there is none, and a software Vulkan driver where Firefox finds none. Debian's packages
 * come first where they can be installed, for they bring the system libraries that a downloaded browser lacks. One of
 * them that is too old for WebGPU is renewed.
 */
export async function fetchBrowser(name: BrowserName): Promise<void> {
  const found = await findBrowser(name);
  const root = process.getuid?.() === 0;
  const { packages } = PLACES[name];
  if (found !== null && (name !== 'firefox' || hasVulkanDriver())) {
    const renewable = root && isDebian() && found === onPath(PLACES[name].commands);
    if (renewable && !(await isCapable(name, found))) aptInstall('--only-upgrade', ...packages);
    return;
  }
  if (root && isDebian()) aptInstall(...packages);
  if ((await findBrowser(name)) !== null) return;
  run('npx', ['puppeteer', 'browsers', 'install', name, ...(root && name === 'chrome' ? ['--install-deps'] : [])]);
}

async function isCapable(name: BrowserName, executablePath: string): Promise<boolean> {
  const browser = await launchBrowser(name, executablePath).catch(() => null);
  if (browser === null) return false;
  try {
    return await hasAdapter(browser);
  } finally {
    await browser.close();
  }
}

/** Whether it has WebGPU, asked in the browser: what a version can do goes by the system too. */
export async function hasAdapter(browser: Browser): Promise<boolean> {
  const page = await browser.newPage();
  try {
    // WebGPU needs a secure context, which a file is.
    await page.goto(import.meta.url);
    return await page.evaluate(async () => !!(await navigator.gpu?.requestAdapter()));
  } catch {
    return false;
  } finally {
    await page.close();
  }
}

/** A headless browser with WebGPU, on a software adapter where there is no GPU. */
export async function launchBrowser(name: BrowserName, executablePath: string): Promise<Browser> {
  const common = { executablePath, headless: true, protocolTimeout: 600_000 } as const;
  if (name === 'firefox') {
    const driver = hasVulkanDriver() ? null : swiftShader(await findBrowser('chrome'));
    return launch({
      ...common,
      browser: 'firefox',
      env: { ...process.env, ...driver },
      extraPrefsFirefox: {
        'dom.webgpu.enabled': true,
        'gfx.webgpu.ignore-blocklist': true,
        // Engines that are not told how many threads have one: a worker that starts workers may wait for ever under
        // WebDriver BiDi, see README.md beside this.
        'dom.maxHardwareConcurrency': 1,
      },
    });
  }
  return launch({
    ...common,
    browser: 'chrome',
    // Without the second flag there is no adapter on Linux; the sandbox needs what containers do not give.
    args: [
      '--no-sandbox',
      '--enable-unsafe-webgpu',
      ...dawnFlags.map((flag) => `--${flag}`),
      '--disable-component-update',
      '--disable-domain-reliability',
    ],
  });
}
