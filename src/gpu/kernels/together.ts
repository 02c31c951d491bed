/** How the threads of a workgroup bring together what each of them has: by memory, or by subgroups. */
import treeMemory from '../../../shaders/common/tree-memory.wgsl?raw';
import treeSubgroups from '../../../shaders/common/tree-subgroups.wgsl?raw';
import wordsMemory from '../../../shaders/common/words-memory.wgsl?raw';
import wordsSubgroups from '../../../shaders/common/words-subgroups.wgsl?raw';
import type { Together } from '../kernel.ts';

/** Sums of floats, in fixed trees. */
export const TREES: Together = { memory: treeMemory, subgroups: treeSubgroups, sized: true };

/** Sums and minima of integers, for atomics. */
export const WORDS: Together = { memory: wordsMemory, subgroups: wordsSubgroups, sized: false };
