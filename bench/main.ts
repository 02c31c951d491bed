/** `npm run bench`: the one benchmark that there is. */
import { benchKMeans } from './kmeans/bench.ts';

await benchKMeans(process.argv.slice(2));
