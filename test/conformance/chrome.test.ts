import { conformanceIn } from './browser.ts';

await conformanceIn('chrome', 'WebGPU in Chrome');
