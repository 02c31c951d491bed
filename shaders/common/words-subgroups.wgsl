// The functions of words-memory.wgsl: a thread of each subgroup speaks for all of them. Whichever they are, and however many.

fn speaks() -> bool {
  return subgroupElect();
}

fn sum_here(value: u32) -> u32 {
  return subgroupAdd(value);
}

fn least_here(values: vec4u) -> vec4u {
  return subgroupMin(values);
}
