// Where nobody asks for y.

fn keep(c: u32, row: u32, quad: u32, y: vec4f) {}
