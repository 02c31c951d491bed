import { shareOf } from '../scope.ts';
import { conformanceIn } from './browser.ts';

await conformanceIn('firefox', 'WebGPU in Firefox', (all) => shareOf(all, 13, 1));
