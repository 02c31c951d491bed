// The centroids, for bytes.wgsl: each pass. Their start is that of their scores, −½‖c‖² as the model has it.

struct Shape {
  k: u32,
  d: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> model: array<f32>;
@group(0) @binding(2) var<storage, read> control: Control;
@group(0) @binding(3) var<storage, read_write> bytes: array<u32>;
@group(0) @binding(4) var<storage, read_write> records: array<vec4f>;

/// Beyond it squares may leave float32. Rows are nearer to the origin by far.
const FARTHEST: f32 = 0x1p56;

fn is_idle() -> bool {
  return control.done != 0u;
}

fn vectors() -> u32 {
  return shape.k;
}

fn place_of(c: u32) -> u32 {
  return c;
}

fn value(c: u32, j: u32) -> f32 {
  return model[c * D + j];
}

/// A scale below 0 marks a centroid of which nothing is known: it is always a candidate.
fn marked(scale: f32, reach: f32) -> f32 {
  return select(scale, -1.0, reach > FARTHEST);
}

fn start_of(c: u32) -> f32 {
  return -0.5 * model[shape.k * D + c];
}
