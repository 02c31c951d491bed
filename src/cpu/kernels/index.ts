/** What the WebAssembly module exports. All arguments are byte offsets into its memory, or counts. */
export { assign } from './assign';
export { squaredDistance } from './exact';
