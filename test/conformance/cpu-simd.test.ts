import { RUNS_ALL } from '../scope.ts';
import { conformanceOn } from './cpu.ts';

conformanceOn({ threads: 1 });
conformanceOn({ threads: 5 });
conformanceOn({ threads: 2, shared: false });
// What one and five agree in two hardly break.
if (RUNS_ALL) conformanceOn({ threads: 2 });
