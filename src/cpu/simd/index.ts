function scan(a: usize): v128 { return v128.load(a) }
export function go(a: usize): void { v128.store(a, f32x4.add(scan(a), f32x4.splat(1))) }
