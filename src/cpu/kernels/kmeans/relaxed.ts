/** The same with scans of bytes, for processors whose relaxed instructions are worth it. */
export { assign, distances, halve, inertia } from './assign';
export { dotsOf, quantise } from './bytes';
export { extend, trial, trialDirect } from './potentials';
