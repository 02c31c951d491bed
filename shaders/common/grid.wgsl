// A dimension of a grid ends at 65,535 workgroups; longer ones are wrapped into rows.
fn flat(workgroup: vec3u, grid: vec3u) -> u32 {
  return workgroup.x + workgroup.y * grid.x;
}
