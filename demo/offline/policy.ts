/** What the built pages may load and run: themselves, and nothing from anywhere else. */

/** The others are examples: as strict, but for the library's threads, which are inlined in them. */
export const MAIN = 'index.html';
/** Loads ONNX Runtime Web from elsewhere. */
const ONNX = 'examples/onnx/index.html';
/** Apache Arrow compiles JavaScript. */
const ARROW: readonly string[] = ['examples/arrow/index.html', 'examples/streaming/index.html'];

/**
 * A content security policy for a `<meta>`.
 *
 * @param page where it is in the built site
 * @param onnx origin that one of the examples loads ONNX Runtime Web from
 */
export function policyOf(page: string, onnx: string): string {
  const elsewhere = page === ONNX ? `${onnx} blob:` : '';
  const directives: Readonly<Record<string, string>> = {
    'default-src': "'none'",
    // Without 'wasm-unsafe-eval' the library computes in TypeScript.
    'script-src': `'self' ${ARROW.includes(page) ? "'unsafe-eval'" : "'wasm-unsafe-eval'"} ${elsewhere}`,
    'worker-src': page === MAIN ? "'self'" : "'self' blob:",
    'connect-src': `'self' ${elsewhere}`,
    'style-src': "'self'",
    'img-src': "'self' blob: data:",
    'manifest-src': "'self'",
    'base-uri': "'none'",
    'form-action': "'none'",
  };
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources.trim()}`)
    .join('; ');
}
