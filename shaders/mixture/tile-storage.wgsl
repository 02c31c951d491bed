// A tile of a workgroup in a buffer, where it is too wide for the workgroup's own memory.
@group(0) @binding(9) var<storage, read_write> scratch: array<vec4f>;

fn tile_at(i: u32, workgroup: u32) -> vec4f {
  return scratch[workgroup * task.tile + i];
}

fn tile_put(i: u32, workgroup: u32, value: vec4f) {
  scratch[workgroup * task.tile + i] = value;
}

fn settle() {
  storageBarrier();
  workgroupBarrier();
}
