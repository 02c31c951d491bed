/** JSON of a model with arrays in the place of lists of numbers: what is said in bytes is made and read many times as fast. */
export type RecordOf<T> = { readonly [Key in keyof T]: T[Key] extends number[] ? Float64Array : T[Key] };
