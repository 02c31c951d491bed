// What kernels bind that do all of an E-step, and what they keep of a row.

@group(0) @binding(3) var<storage, read> model: array<vec4f>;
@group(0) @binding(4) var<storage, read> weights: array<f32>;
@group(0) @binding(5) var<storage, read_write> answers: array<vec2f>;
@group(0) @binding(6) var<storage, read_write> labels: array<u32>;
@group(0) @binding(7) var<storage, read_write> slots: array<vec4f>;
@group(0) @binding(8) var<uniform> task: Task;

/// Keeps what a row answers. Returns w·value, and whether the row is left to the host.
fn note(row: u32, answer: Answer) -> vec2f {
  let at = part.shard_row + row;
  let far = answer.best < -0.5 * FARTHEST;
  answers[at] = vec2f(answer.best, answer.sum);
  labels[at] = select(answer.label, FAR, far);
  return select(vec2f(weight_of(row) * value_of(answer), 0.0), vec2f(0.0, 1.0), far);
}

fn is_shared() -> bool {
  return task.is_shared == 1u;
}

fn weight_of(row: u32) -> f32 {
  let weighted = task.weighted == 1u;
  return select(1.0, weights[select(0u, part.shard_row + row, weighted)], weighted);
}
