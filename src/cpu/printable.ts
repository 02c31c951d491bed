/**
 * Bytes as printable ASCII for a bundle's strings: a character a byte for those that WebAssembly has most, two for the
 * others. It is no shorter than base64, but what repeats looks alike: of the kernels gzip makes a third less.
 */

const FIRST = '#'.charCodeAt(0);
/** Characters that are bytes; the two behind them say that the next one is a byte beyond these. */
const SINGLES = 90;
/** Byte 0 is so far from the first character: those about it are the most frequent. */
const ROTATION = 16;

export function toPrintable(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => {
    const turned = (byte + ROTATION) & 255;
    const shift = Math.floor(turned / SINGLES);
    const prefix = shift === 0 ? '' : String.fromCharCode(FIRST + SINGLES + shift - 1);
    return prefix + String.fromCharCode(FIRST + (turned % SINGLES));
  }).join('');
}

export function fromPrintable(text: string): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  let beyond = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at) - FIRST;
    if (code >= SINGLES) beyond = (code - SINGLES + 1) * SINGLES;
    else {
      bytes.push(beyond + code - ROTATION);
      beyond = 0;
    }
  }
  // Modulo 256.
  return Uint8Array.from(bytes);
}
