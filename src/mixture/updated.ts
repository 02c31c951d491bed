/** What statistics of all shards make of a mixture. */
import { checkWhole, wrongKind } from '../check.ts';
import { sameValues } from '../engine/shared-frame.ts';
import type { Steps } from '../steps.ts';
import { type ComponentStatus, rulesOf, statusOf } from './fit.ts';
import { type HeldParameters, heldParameters } from './held.ts';
import { maximize } from './maximize.ts';
import { type Parameters, parametersOutOfFrame } from './parameters.ts';
import type { MixturePlan } from './plan.ts';
import type { MixtureShardStatistics } from './shards.ts';

/**
 * The M-step.
 *
 * @throws {RangeError} where the statistics are not of these parameters.
 */
export function* updated(
  model: HeldParameters & { readonly temperature: number },
  statistics: MixtureShardStatistics,
  plan: Pick<MixturePlan, 'mixing' | 'fixed' | 'regularization'>,
): Steps<{ parameters: Parameters; held: Parameters; components: ComponentStatus[] }> {
  if (statistics?.type !== 'MixtureStatistics') throw wrongKind('statistics', 'those of a mixture', statistics);
  checkWhole('statistics', statistics.moments?.counts);
  const { parameters: before, moments, temperature, frame } = statistics;
  const isOfModel = model.covarianceType === statistics.covarianceType && model.temperature === temperature;
  const own = isOfModel ? heldParameters(model, frame) : null;
  const alike = (part: 'weights' | 'means' | 'covariances') => own !== null && sameValues(own[part], before[part]);
  if (!alike('weights') || !alike('means') || !alike('covariances')) {
    throw new RangeError('the statistics are not of the parameters of this model');
  }
  const update = yield* maximize(moments, before, rulesOf(statistics, plan), temperature);
  return {
    parameters: parametersOutOfFrame(update.parameters, frame),
    held: update.parameters,
    components: update.regularized.map((collapsed, c) => statusOf(update.empty.includes(c), collapsed, false)),
  };
}
