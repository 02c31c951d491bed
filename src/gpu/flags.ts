/** Bits of the WebGPU specification: the globals that name them are absent where a device came from elsewhere (Node). */
export const Usage = { MAP_READ: 0x1, COPY_SRC: 0x4, COPY_DST: 0x8, UNIFORM: 0x40, STORAGE: 0x80 } as const;
export const MAP_READ = 0x1;
export const COMPUTE = 0x4;
