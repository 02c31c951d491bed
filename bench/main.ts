/** `npm run bench`: k-means, or what the first word names. */
import { runBenchmark } from './benchmark.ts';
import { BLOCKS_USAGE, measureBlocks, runBlocksBenchmark, STREAMED } from './blocks/bench.ts';
import { CPU_USAGE, runCpuBenchmark } from './cpu/bench.ts';
import { MEASURED, measureMemory } from './cpu/memory.ts';
import { GPU_USAGE, runGpuBenchmark } from './gpu/node.ts';
import { kmeansBenchmark } from './kmeans/bench.ts';
import { mixtureBenchmark } from './mixture/bench.ts';
import { PAGE_USAGE, runPageBenchmark } from './page/bench.ts';
import { runShardsBenchmark, SHARDS_USAGE } from './shards/bench.ts';

/** With all the WGSL, which is no part of what others measure. */
const kernels = () => import('./kernels/write.ts');

async function usage(): Promise<string> {
  const { KERNELS_USAGE } = await kernels();
  const usages = [CPU_USAGE, GPU_USAGE, PAGE_USAGE, BLOCKS_USAGE, SHARDS_USAGE, KERNELS_USAGE];
  return [kmeansBenchmark.usage, mixtureBenchmark.usage, ...usages].join('\n\n');
}

const [name, ...rest] = process.argv.slice(2);
if (name === 'mixture') await runBenchmark(mixtureBenchmark, rest);
else if (name === 'cpu') await runCpuBenchmark(rest);
else if (name === 'gpu') await runGpuBenchmark(rest);
else if (name === 'page') await runPageBenchmark(rest);
else if (name === 'blocks') await runBlocksBenchmark(rest);
else if (name === 'shards') await runShardsBenchmark(rest);
else if (name === 'kernels') (await kernels()).writeKernels(rest);
else if (name === '--help') console.log(await usage());
else if (name === MEASURED) await measureMemory(rest[0]);
else if (name === STREAMED) await measureBlocks(rest[0]);
else await runBenchmark(kmeansBenchmark, name === 'kmeans' ? rest : process.argv.slice(2));
