import { RUNS_ALL } from '../scope.ts';
import { conformanceOn } from './cpu.ts';

conformanceOn({ threads: 5, simd: false });
// What five agree in one and two hardly break.
if (RUNS_ALL) for (const threads of [1, 2]) conformanceOn({ threads, simd: false });
