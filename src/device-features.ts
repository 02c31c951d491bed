/** What kernels have a use for, where an adapter offers it. */
const WANTED: readonly string[] = ['subgroups', 'subgroup-size-control'];

export function deviceFeatures({ features }: GPUAdapter): GPUFeatureName[] {
  // The types that other packages bring along know fewer names.
  return WANTED.filter((feature) => features.has(feature)) as GPUFeatureName[];
}
