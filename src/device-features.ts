/** What kernels have a use for, where an adapter offers it. */
const FEATURES: readonly GPUFeatureName[] = ['subgroups', 'subgroup-size-control'];

export function featuresOf({ features }: GPUAdapter): GPUFeatureName[] {
  return FEATURES.filter((feature) => features.has(feature));
}
