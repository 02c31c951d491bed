/** What the WebAssembly module exports. All arguments are byte offsets into its memory, or counts. */
export { assign, distances, halve, inertia } from './assign';
export { accumulateMixture, mixtureDensities } from './mixture';
export { extend, trial, trialDirect } from './potentials';
