// Four features of a row, or of a centroid, or one, where rows need not begin at multiples of 16 bytes: value by value.
// Behind the last feature rows have zeros, centroids whatever is finite.

@group(0) @binding(3) var<storage, read> model: array<f32>;

fn row_value(row: u32, j: u32) -> f32 {
  return select(0.0, load(row, min(j, D - 1u)), j < D);
}

fn row_quad(row: u32, quad: u32) -> vec4f {
  let j = 4u * quad;
  return vec4f(row_value(row, j), row_value(row, j + 1u), row_value(row, j + 2u), row_value(row, j + 3u));
}

fn centroid_quad(c: u32, quad: u32) -> vec4f {
  let j = 4u * quad;
  let at = c * D;
  let last = D - 1u;
  return vec4f(model[at + min(j, last)], model[at + min(j + 1u, last)], model[at + min(j + 2u, last)], model[at + min(j + 3u, last)]);
}

fn centroid_value(c: u32, j: u32) -> f32 {
  return model[c * D + min(j, D - 1u)];
}

fn norm_of(c: u32) -> f32 {
  return model[part.k * D + c];
}
