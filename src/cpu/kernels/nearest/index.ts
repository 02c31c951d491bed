/** What the module of nearest centroids exports. All arguments are byte offsets into its memory, or counts. */
export { squaredDistance } from '../kmeans/exact';
export { scores } from './scores';
