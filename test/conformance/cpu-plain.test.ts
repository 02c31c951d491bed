import { conformanceOn } from './cpu.ts';

conformanceOn({ threads: 1, simd: false });
conformanceOn({ threads: 2, simd: false });
conformanceOn({ threads: 5, simd: false });
