/** What vite.plugins.ts makes of a module. */
declare module '*?wasm' {
  /** AssemblyScript compiled to WebAssembly: see printable.ts. */
  const printable: string;
  export default printable;
}

declare module '*?wasm&relaxed' {
  /** The same with relaxed SIMD. */
  const printable: string;
  export default printable;
}

declare module '*?bundle' {
  /** The module and all that it imports, as one classic script. */
  const script: string;
  export default script;
}

declare module '*?file' {
  /** Address of the same in a file of its own. */
  const url: string;
  export default url;
}

/** What AssemblyScript calls the numbers of the layouts, which TypeScript compiles too: see kernels/. */
declare type u32 = number;
declare type i32 = number;
declare type usize = number;
declare type f32 = number;
