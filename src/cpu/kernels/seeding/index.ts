/** What the module of seeding exports. All arguments are byte offsets into its memory, or counts. */
export { extend, trial, trialDirect } from '../kmeans/potentials';
export { estimate, extendMarked, packRough } from './estimates';
export { extendNarrow, trialNarrow } from './narrow';
