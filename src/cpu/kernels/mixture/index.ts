/** What the module of mixtures exports. All arguments are byte offsets into its memory, or counts. */
export { accumulateMixture, mixtureDensities } from './expectation';
