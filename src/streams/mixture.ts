/** A mixture of Gaussians of a source. */
import type { Given } from '../check.ts';
import { defaultEngines } from '../defaults.ts';
import type { MixtureWorkspace, WeightedRow } from '../engine/contract.ts';
import { Fingerprint } from '../engine/fingerprint.ts';
import type { Gaussians } from '../engine/gaussians.ts';
import type { SharedFrame } from '../engine/shared-frame.ts';
import { addMixtureStatistics, type MixtureStatistics } from '../engine/statistics.ts';
import type { Reason } from '../home.ts';
import type { MethodOptions } from '../methods.ts';
import { type BlockwisePoints, withMixture } from '../mixture/expectation.ts';
import { fitBest, type MixtureFit } from '../mixture/fit.ts';
import { toGaussians } from '../mixture/parameters.ts';
import type { MixturePlan } from '../mixture/plan.ts';
import { worstExplained } from '../mixture/reseed.ts';
import { type EngineSet, GPU_WORTHWHILE_VALUES } from '../placement.ts';
import type { Backend } from '../points.ts';
import type { BlockSource } from '../reading.ts';
import { type Awaitable, runAsync } from '../steps.ts';
import { type BlockWork, SourcePoints, surveySource, worstOf } from './passes.ts';
import { checkSource } from './source.ts';

/** Fits exactly: an E-step is a pass over all rows. */
export async function fitSource(
  given: BlockSource,
  plan: MixturePlan,
  { sampleWeight, signal, ...placement }: Given<MethodOptions>,
): Promise<MixtureFit & { readonly reason: Reason }> {
  const source = checkSource(given, sampleWeight);
  return fitIn(await defaultEngines(placement), source, plan, signal);
}

/** The same on engines of the caller's. */
export async function fitIn(
  engines: EngineSet,
  source: BlockSource,
  plan: MixturePlan,
  signal: AbortSignal | undefined,
): Promise<MixtureFit & { readonly reason: Reason }> {
  const surveyed = await surveySource(source, { metric: 'euclidean', k: plan.k, seed: plan.seed, signal });
  const reason = engines.info.reason === 'hardware' ? whyNotThere(surveyed.shared) : null;
  const own = reason === null ? engines : await defaultEngines({ backend: 'cpu', device: undefined });
  const points = new SourcePoints(source, own, surveyed, signal);
  return fitBest(plan, async (fit) => {
    const fitted = await fit(blockwise(points, own, signal));
    return { ...fitted, reason: reason ?? points.reason };
  });
}

/** Why a GPU that could be chosen is not; see `EngineSet`, which asks it of each block. */
function whyNotThere({ n, frame: { precise, shift } }: SharedFrame): Reason | null {
  if (precise) return 'precision';
  return n * shift.length < GPU_WORTHWHILE_VALUES ? 'small' : null;
}

/** As EM has it. */
function blockwise(
  points: SourcePoints,
  engines: Pick<EngineSet, 'backend'>,
  signal: AbortSignal | undefined,
): BlockwisePoints {
  // All blocks go to one engine: two of them round the same means differently, and moments about other means do not add up.
  const each = (work: BlockWork) => points.each(work, engines.backend === 'webgpu');
  const { summary } = points;
  return {
    ...summary,
    signal,
    get backend() {
      return points.backend;
    },
    withReservoir: (work) => points.withReservoir(work),
    mixture: (k, shape) => new PassesOfMixture((work) => each(work), { k, shape }),
    async worstExplained(parameters, temperature, variances, wanted) {
      const found: WeightedRow[] = [];
      await each((dataset, first) =>
        withMixture(dataset, parameters, async (workspace) => {
          await workspace.accumulate(toGaussians(parameters), temperature);
          const worst = worstExplained(dataset, workspace, parameters.means, variances, summary.totalWeight, wanted);
          const rows = await runAsync(worst, signal);
          const take = () => {
            for (const row of rows) found.push({ ...row, index: first + row.index });
          };
          return { take };
        }),
      );
      return worstOf(found, wanted);
    },
  };
}

/** E-steps, each of them a pass. */
class PassesOfMixture implements MixtureWorkspace {
  readonly #each: (work: BlockWork) => Promise<void>;
  readonly #size: Pick<Gaussians, 'k' | 'shape'>;
  #last: { readonly gaussians: Gaussians; readonly temperature: number } | null = null;
  #labels = new Fingerprint();
  /** What stands for the labels of the last E-step, of which none are kept: others have another, but for a chance. */
  #fingerprint: string | null = null;
  #hasMoments = false;
  changed = true;

  constructor(each: (work: BlockWork) => Promise<void>, size: Pick<Gaussians, 'k' | 'shape'>) {
    this.#each = each;
    this.#size = size;
  }

  async accumulate(gaussians: Gaussians, temperature: number): Promise<MixtureStatistics> {
    this.#last = { gaussians, temperature };
    const statistics = await this.#pass(
      (_, statistics) => statistics,
      // Only a hard assignment ends where its labels stay.
      async (workspace, signal) => {
        if (temperature === 0) await runAsync(this.#labels.add(await workspace.labels()), signal);
      },
    );
    const fingerprint = temperature === 0 ? this.#labels.words.join() : null;
    this.changed = fingerprint === null || fingerprint !== this.#fingerprint;
    this.#fingerprint = fingerprint;
    return statistics;
  }

  /** Nothing is kept of a block: its responsibilities are computed once more. */
  get moments(): MixtureWorkspace['moments'] {
    return this.#hasMoments ? (about) => this.#pass((workspace) => workspace.moments!(about)) : undefined;
  }

  labels(): Uint32Array {
    return new Uint32Array(0);
  }

  values(): Float64Array {
    return new Float64Array(0);
  }

  close(): void {}

  /**
   * Statistics of all blocks.
   *
   * @param ask has them behind the E-step of a block
   * @param then is called for one block behind the other
   */
  async #pass(
    ask: (workspace: MixtureWorkspace, statistics: MixtureStatistics) => Awaitable<MixtureStatistics>,
    then?: (workspace: MixtureWorkspace, signal: AbortSignal | undefined) => Promise<void>,
  ): Promise<MixtureStatistics> {
    const { k, shape } = this.#size;
    const { gaussians, temperature } = this.#last!;
    for (;;) {
      const sums = new Map<Backend, MixtureStatistics>();
      this.#labels = new Fingerprint();
      await this.#each(async (dataset) => {
        const workspace = await dataset.mixture(k, shape);
        try {
          const own = await ask(workspace, await workspace.accumulate(gaussians, temperature));
          const take = async () => {
            await then?.(workspace, dataset.signal);
            const sum = sums.get(dataset.backend);
            sums.set(dataset.backend, sum === undefined ? own : addMixtureStatistics(sum, own));
            this.#hasMoments = workspace.moments !== undefined;
          };
          return { take, close: () => workspace.close() };
        } catch (error) {
          workspace.close();
          throw error;
        }
      });
      // Where a device was lost on the way, the rest went to the CPU: so does all of it then.
      if (sums.size === 1) return [...sums.values()][0];
    }
  }
}
