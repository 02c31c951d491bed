import { conformanceIn } from './browser.ts';

await conformanceIn('firefox', 'WebGPU in Firefox');
