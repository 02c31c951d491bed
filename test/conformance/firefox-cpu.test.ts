import { shareOf } from '../scope.ts';
import { cpuIn, PAGES } from './cpu-in-page.ts';

await cpuIn('firefox', shareOf(PAGES, 4));
