// A tile of a workgroup in its own memory.
var<workgroup> tile: array<vec4f, TILE>;

fn tile_at(i: u32, workgroup: u32) -> vec4f {
  return tile[i];
}

fn tile_put(i: u32, workgroup: u32, value: vec4f) {
  tile[i] = value;
}

fn settle() {
  workgroupBarrier();
}
