// Where y stays: whitened [k, rows, ⌈d/4⌉] vec4.

@group(0) @binding(5) var<storage, read_write> whitened: array<vec4f>;

fn keep(c: u32, row: u32, quad: u32, y: vec4f) {
  whitened[(c * part.rows + row) * quads() + quad] = y;
}
