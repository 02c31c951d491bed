import { RUNS_ALL } from '../scope.ts';
import { conformanceOn } from './cpu.ts';

conformanceOn({ threads: 1, simd: false });
conformanceOn({ threads: 5, simd: false });
// What one thread and five agree in two hardly break.
if (RUNS_ALL) conformanceOn({ threads: 2, simd: false });
