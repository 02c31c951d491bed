import { conformanceOn } from './cpu.ts';

conformanceOn({ threads: 1 });
conformanceOn({ threads: 2 });
conformanceOn({ threads: 5 });
conformanceOn({ threads: 2, shared: false });
