/** What the kernel of scores shares with TypeScript: offsets into its scratch, behind the places of the rows [8]. */

/** ‖x‖² of the rows: float32 [8]. */
export const SQUARES: usize = 32;
/** The rows side by side: float32 [d, 8]. */
export const BLOCK_OF_ROWS: usize = 64;
