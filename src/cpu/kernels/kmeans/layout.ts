/**
 * What the kernels of k-means share with TypeScript: byte offsets and numbers, in a file that AssemblyScript and TypeScript
 * both compile.
 */

/** Rows that are scanned at a time. */
export const BLOCK: u32 = 8;

/** Rows of so many features at most may be compared four at a time: a row is a vector then, and whatever lies behind it. */
export const LANES: u32 = 4;

/** The label of a row that has none. */
export const UNLABELLED: u32 = 0xffffffff;

/** Larger than the score of any row: that of centroids that are not scanned, and of padding. */
export const NOBODY: f32 = 3.4e38;

/** Rows and centroids are scaled to this length as integers: no value exceeds 16 bits, no product of two of them 31. */
export const LENGTH: f32 = 30000;

/** What float64 may lose of a squared distance of d features, for each of d + 4: more than two roundings. */
export const EXACT_ROUNDING: f32 = 5e-16;

/** Offsets into the state of an assignment: of arrays in the same memory, */
export const ROWS: usize = 0;
export const WEIGHTS: usize = 4;
export const LABELS: usize = 8;
export const UPPER: usize = 12;
export const LOWER: usize = 16;
export const PACKED: usize = 20;
export const NORMS: usize = 24;
export const NARROW: usize = 28;
export const CENTROIDS: usize = 32;
export const EXACT_NORMS: usize = 36;
export const MOTIONS: usize = 40;
export const ROUGH: usize = 44;
export const ROUGH_NORMS: usize = 48;
export const SUMS: usize = 52;
export const LARGE: usize = 56;
export const SCRATCH: usize = 60;
export const LIST: usize = 64;
export const RETRY: usize = 68;
export const SPILLS: usize = 72;
/** of whole numbers, */
export const D: usize = 76;
export const K: usize = 80;
export const STRIDE: usize = 84;
export const LIMBS: usize = 88;
export const FARTHEST: usize = 92;
export const BOUNDED: usize = 96;
export const COARSE: usize = 100;
export const BY_ROW: usize = 104;
export const CHANGED: usize = 108;
export const SCANNED: usize = 112;
export const OPEN: usize = 116;
export const RETRIED: usize = 120;
export const SPILLED: usize = 124;
/** of float32. */
export const FARTHEST_SHIFT: usize = 128;
export const OTHER_SHIFT: usize = 132;
export const ROUNDING: usize = 136;
export const LIFT: usize = 140;
export const REACH: usize = 144;
export const LEAST: usize = 148;
export const ROUGH_REACH: usize = 152;
export const ROUGH_LEAST: usize = 156;
export const ROUGH_ERROR: usize = 160;
export const MARGIN_FACTOR: usize = 164;
export const TWICE_ERROR: usize = 168;
/** Where rows and centroids are dotted as bytes: arrays, and a length that no centroid and no error of one exceeds. */
export const BYTES: usize = 172;
export const BYTE_TERMS: usize = 176;
export const BYTE_CENTROIDS: usize = 180;
export const BYTE_CENTROID_TERMS: usize = 184;
export const BYTE_SCORES: usize = 188;
export const BYTE_REACH: usize = 192;
/** Whether an assignment sums the rows of each cluster. */
export const SUMMED: usize = 196;
/** More arrays for bytes: what centroids as bytes miss, as bytes; open rows with their candidates, and the least scores of these. */
export const BYTE_RESTS: usize = 200;
export const BYTE_CANDIDATES: usize = 204;
export const BYTE_LEASTS: usize = 208;
export const STATE_BYTES: usize = 216;

/** What an assignment scans first, at `COARSE`, where it is not float32: integers of 16 bits, or bytes. */
export const WORDS: u32 = 1;
export const BYTEWISE: u32 = 2;

/** Bytes of the terms of a block of rows, and offsets into them, [8] each. */
export const TERMS_OF_BLOCK: usize = 160;
export const SHIFTS: usize = 0;
export const SCALES: usize = 32;
export const RESIDUALS: usize = 64;
export const TERM_SQUARES: usize = 96;
export const TERM_LENGTHS: usize = 128;

/** Offsets into the terms of a centroid as bytes: ‖c‖², its unit, and twice its length and its residual's. */
export const NORM: usize = 0;
export const UNIT: usize = 4;
export const TWICE_LENGTH: usize = 8;
export const TWICE_RESIDUAL: usize = 12;
export const CENTROID_TERMS: usize = 16;

/**
 * Offsets into the terms of what a centroid as bytes misses, behind its bytes: their unit; by how much these shorten the
 * residual, twice; twice the centroid's length, and what they leave of its residual.
 */
export const REST_UNIT: usize = 0;
export const TWICE_GAIN: usize = 4;
export const REST_TWICE_LENGTH: usize = 8;
export const TWICE_REST: usize = 12;
export const REST_TERMS: usize = 16;

/**
 * Rows that bytes leave open wait until there are so many. Offsets into one of `BYTE_CANDIDATES`: the row, how many candidates
 * it has, what all others score at least, and ‖x‖²; behind these the candidates.
 */
export const MOST_OPEN = 32;
export const OPEN_ROW: usize = 0;
export const OPEN_COUNT: usize = 4;
export const OPEN_OTHERS: usize = 8;
export const OPEN_SQUARE: usize = 12;
export const OPEN_TERMS: usize = 16;

/** Centroids are integers from −MOST to MOST, and held with MIDDLE added: seven bits, which every processor dots alike. */
export const MOST: f32 = 63;
export const MIDDLE: i32 = 64;

/** What an assignment does with bounds, at `BOUNDED`. */
export const NONE: u32 = 0;
export const MADE: u32 = 1;
export const USED: u32 = 2;

/**
 * Offsets into the motion of a centroid, one of `MOTIONS`: how far it went; half the way to the next one; what float32
 * makes of its length.
 */
export const SHIFT: usize = 0;
export const HALF: usize = 4;
export const BLUR: usize = 8;
export const MOTION_BYTES: usize = 16;

/** Offsets into what integers left over of a row, one of `SPILLS`. */
export const SPILL_ROW: usize = 0;
export const SPILL_BEFORE: usize = 4;
export const SPILL_LABEL: usize = 8;
export const SPILL_BYTES: usize = 12;

/** Offsets into the scratch: what `scan` writes of the rows of a block, [8] each, */
export const BEST: usize = 0;
export const SECOND: usize = 32;
export const INDEX: usize = 64;
/** their ‖x‖², */
export const SQUARES: usize = 96;
/** labels and bounds of listed rows, exact scores, and what brings integers back to scores, */
export const BEFORE: usize = 128;
export const EXACT: usize = 192;
export const FACTORS: usize = 216;
/** for bytes in their place: the score that no candidate exceeds; */
export const THRESHOLDS: usize = 216;
/** and, where the best was, what all others have at least; */
export const SLACKENED: usize = 0;
/** in seeding distances so far and weights, in place of these, */
export const DISTANCES: usize = 128;
export const BLOCK_WEIGHTS: usize = 160;
/** and the block [d, 8]. */
export const ROWS_OF_BLOCK: usize = 256;
