import { RUNS_ALL, shareOf } from '../scope.ts';
import { conformanceOn } from './cpu.ts';
import { shortCases } from './short.ts';

conformanceOn({ threads: 5, simd: false }, shareOf(shortCases, 5, 2));
// What five agree in one and two hardly break.
if (RUNS_ALL) for (const threads of [1, 2]) conformanceOn({ threads, simd: false });
