// Four features of a row, or of a centroid, where all rows begin at multiples of 16 bytes: in one load. Zeros behind the
// last feature. Who wants one feature only is given tile-values.wgsl: here they are for the compiler, which looks at what is
// never called.

@group(0) @binding(1) var<storage, read> points: array<vec4f>;
@group(0) @binding(3) var<storage, read> model: array<vec4f>;

fn row_quad(row: u32, quad: u32) -> vec4f {
  let at = min(quad, D / 4u - 1u);
  let x = points[part.base / 4u + row * (D / 4u) + at];
  var loaded = x;
  if (LOAD == 1u) {
    let j = 4u * at;
    loaded = vec4f(
      framed(x.x, adjust[j]), framed(x.y, adjust[j + 1u]), framed(x.z, adjust[j + 2u]), framed(x.w, adjust[j + 3u]),
    );
  }
  if (LOAD == 2u) {
    loaded = x * adjust[part.shard_row + row];
  }
  // Where D is a multiple of TD there is nothing behind it.
  return select(vec4f(), loaded, D % TD == 0u || quad < D / 4u);
}

fn centroid_quad(c: u32, quad: u32) -> vec4f {
  return model[c * (D / 4u) + min(quad, D / 4u - 1u)];
}

fn row_value(row: u32, j: u32) -> f32 {
  return row_quad(row, j / 4u)[j % 4u];
}

fn centroid_value(c: u32, j: u32) -> f32 {
  return centroid_quad(c, j / 4u)[j % 4u];
}

fn norm_of(c: u32) -> f32 {
  let at = part.k * D + c;
  return model[at / 4u][at % 4u];
}
