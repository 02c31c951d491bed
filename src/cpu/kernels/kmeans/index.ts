/** What the module of k-means exports. All arguments are byte offsets into its memory, or counts. */
export { assign, distances, halve, inertia } from './assign';
export { extend, trial, trialDirect } from './potentials';
