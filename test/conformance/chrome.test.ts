import { restOf } from '../scope.ts';
import { conformanceIn } from './browser.ts';

// Firefox has the others.
await conformanceIn('chrome', 'WebGPU in Chrome', (all) => restOf(all, 4));
