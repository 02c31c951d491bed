import { shareOf } from '../scope.ts';
import { conformanceIn } from './browser.ts';

// Firefox has others; every one is in test:all.
await conformanceIn('chrome', 'WebGPU in Chrome', (all) => shareOf(all, 25));
