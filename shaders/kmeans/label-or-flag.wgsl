// What becomes of a row by its two best scores: assign-tiled.wgsl has the proof. Its band, with M = 2‖x‖ + ‖b‖, is
// γ·(2‖x‖·M + M²) = γ·(8‖x‖² + 6‖x‖·‖b‖ + ‖b‖²). As 2‖x‖·‖b‖ is at most ‖x‖² + ‖b‖², that is no more than
// γ·(11‖x‖² + 4‖b‖²): the same where both are as long, and without roots.

/// Labels the row, or flags it where another centroid may be nearer; returns 1 where it has another label than before. `norm` is ‖x‖².
fn label_or_flag(row: u32, best: f32, second: f32, label: u32, norm: f32) -> u32 {
  let error = 1.05 * f32(D + 8u) * 5.9604645e-8;
  let at = part.shard_row + row;
  let band = error * (11.0 * norm + 4.0 * norm_of(label));
  if (best - second <= band) {
    let list = (at >> firstTrailingBit(part.slice_rows)) * (part.slice_rows + 1u);
    let place = atomicAdd(&flagged[list], 1u);
    atomicStore(&flagged[list + 1u + place], row);
    return 0u;
  }
  let is_other = labels[at] != label;
  if (is_other) {
    labels[at] = label;
  }
  return u32(is_other);
}
