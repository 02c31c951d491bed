/** All models that there are: who fits and makes none need not load their classes to know one. */
export const kmeansModels = /* @__PURE__ */ new WeakSet<object>();
export const mixtureModels = /* @__PURE__ */ new WeakSet<object>();
