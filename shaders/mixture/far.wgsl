/// Rows that far from all components are left to the host: their squares are no float32.
const FARTHEST: f32 = 0x1p119;
/// Half of its square is FARTHEST.
const LARGEST_Y: f32 = 0x1p60;
