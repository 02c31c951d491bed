// What becomes of a row by its two best scores: assign-tiled.wgsl has the proof.

/// Labels the row, or flags it where another centroid may be nearer; returns 1 where it has another label than before. `norm` is ‖x‖².
fn label_or_flag(row: u32, best: f32, second: f32, label: u32, norm: f32) -> u32 {
  let error = 1.05 * f32(D + 8u) * 5.9604645e-8;
  let at = part.shard_row + row;
  let length = sqrt(norm);
  let reach = 2.0 * length + sqrt(norm_of(label));
  let band = error * reach * (2.0 * length + reach);
  if (best - second <= band) {
    let list = (at / part.slice_rows) * (part.slice_rows + 1u);
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
