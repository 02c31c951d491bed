import { shareOf } from '../scope.ts';
import { cpuIn, PAGES } from './cpu-in-page.ts';

await cpuIn('chrome', shareOf(PAGES, 2, 1));
