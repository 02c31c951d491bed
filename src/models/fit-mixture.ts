/** How a finished fit of a mixture becomes a model. */

import type { Dataset } from '../dataset.ts';
import type { Reason } from '../home.ts';
import { fitBest, type MixtureFit } from '../mixture/fit.ts';
import type { MixturePlan } from '../mixture/plan.ts';
import { GaussianMixtureModel } from './gaussian-mixture-model.ts';

/** A mixture of points that are resident, wherever they may move meanwhile. */
export async function fitMixture(
  points: Dataset,
  plan: MixturePlan,
  signal: AbortSignal | undefined,
): Promise<GaussianMixtureModel> {
  const best = await fitBest(plan, (fit) =>
    points.use(signal, async ({ dataset, reason }) => ({ ...(await fit(dataset)), reason })),
  );
  return modelOf(best);
}

export function modelOf(fit: MixtureFit & { readonly reason: Reason }): GaussianMixtureModel {
  return new GaussianMixtureModel(fit, fit.reason);
}
