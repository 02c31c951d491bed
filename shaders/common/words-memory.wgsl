// What threads bring to atomics, one by one; words-subgroups.wgsl brings it together first. Integers only: their order changes
// nothing. It is all threads of a workgroup that call this.

/// Whether it is this thread that brings it.
fn speaks() -> bool {
  return true;
}

fn sum_here(value: u32) -> u32 {
  return value;
}

fn least_here(values: vec4u) -> vec4u {
  return values;
}
