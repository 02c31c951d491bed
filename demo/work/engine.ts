/** What the page needs of the library to cluster, loaded behind the first rows: these need not wait for it. */
export { createEngine } from '../../src/api/create-engine.ts';
export { VALUES_OF_THREAD } from '../../src/cpu/engine.ts';
export { GPU_WORTHWHILE_VALUES } from '../../src/placement.ts';
