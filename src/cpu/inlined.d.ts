/** What vite.plugins.ts makes of a module. */
declare module '*?wasm' {
  /** AssemblyScript compiled to WebAssembly, in base64. */
  const base64: string;
  export default base64;
}

declare module '*?bundle' {
  /** The module and all that it imports, as one classic script. */
  const script: string;
  export default script;
}
