import { restOf } from '../scope.ts';
import { conformanceIn } from './browser.ts';

await conformanceIn('firefox', 'WebGPU in Firefox', (all) => restOf(all, 4));
