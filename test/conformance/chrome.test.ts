import { shareOf } from '../scope.ts';
import { conformanceIn } from './browser.ts';

// Firefox has the others.
await conformanceIn('chrome', 'WebGPU in Chrome', (all) => shareOf(all, 4));
