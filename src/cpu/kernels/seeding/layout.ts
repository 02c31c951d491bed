/** What the kernels of seeding share with TypeScript, beside what those of k-means do. */

/** Offsets into a block of rows as integers for seeding, behind their ‖x‖² [8]: factors [8], and the integers. */
export const ROUGH_FACTORS: usize = 32;
export const ROUGH_BLOCK: usize = 64;

/** Offsets into the terms of a candidate: what an estimate adds to, [4] each; ‖c‖² less its error, and ‖c‖. */
export const GAINS: usize = 0;
export const LOSSES: usize = 16;
export const TERM_NORM: usize = 32;
export const TERM_LENGTH: usize = 36;
export const TERMS_BYTES: usize = 48;

/** Offsets into the scratch of an estimate, behind distances so far [8]. */
export const ROUGH_WEIGHTS: usize = 32;
export const REACHES: usize = 64;
export const ROUGH_ERRORS: usize = 96;
export const ESTIMATE_BYTES: usize = 128;
