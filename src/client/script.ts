/** The worker's script, loaded by clients that are not told of another: pages that have it in a file do without. */
export { default } from '../worker/index.ts?bundle';
