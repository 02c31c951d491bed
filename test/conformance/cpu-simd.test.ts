import { RUNS_ALL, shareOf } from '../scope.ts';
import { conformanceOn } from './cpu.ts';
import { ON_FIVE_THREADS, shortCases } from './short.ts';

conformanceOn({ threads: 5 }, ON_FIVE_THREADS);
conformanceOn({ threads: 1 }, shareOf(ON_FIVE_THREADS, 3));
conformanceOn({ threads: 2, shared: false }, shareOf(shortCases, 5, 3));
// What one and five agree in two hardly break.
if (RUNS_ALL) conformanceOn({ threads: 2 });
