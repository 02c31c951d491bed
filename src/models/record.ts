/** JSON of a model with arrays in the place of lists of numbers: a list of a million takes a third of a second to make. */
export type RecordOf<T> = { readonly [Key in keyof T]: T[Key] extends number[] ? Float64Array : T[Key] };
