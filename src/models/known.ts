/** All models of k-means that there are: who fits and makes none need not load their class to know one. */
export const kmeansModels = /* @__PURE__ */ new WeakSet<object>();
