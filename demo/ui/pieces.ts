import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/**
 * How many of the parts of something are to be drawn: the next few whenever the page has had time for something else.
 *
 * @param of what the parts are of: of another thing they begin anew
 */
export function usePieces(count: number, piece: number, of: unknown): number {
  const ready = useSignal(piece);
  const drawn = useSignal(of);
  if (drawn.peek() !== of) {
    drawn.value = of;
    ready.value = piece;
  }
  useEffect(() => {
    if (ready.value >= count) return undefined;
    const next = setTimeout(() => {
      ready.value += piece;
    }, 16);
    return () => clearTimeout(next);
  }, [ready.value, count, of]);
  return ready.value;
}
