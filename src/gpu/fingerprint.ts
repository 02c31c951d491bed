import { DeviceLostError } from '../errors.ts';
import type { PreparedPoints, RowValues } from '../points.ts';

/**
 * The same points, and what uploads them once more, elsewhere, when the device is lost.
 *
 * @param upload rejects with a TypeError where the points cannot be read any more
 * @param isOver whether nobody wants them any more
 * @returns `uploadAgain` rejects with a DeviceLostError where the caller's array is no longer what was uploaded before
 */
export function watched<T extends { readonly dataset: { destroy(): void } }>(
  points: PreparedPoints,
  upload: (points: PreparedPoints) => Promise<T>,
  isOver: () => boolean,
): { readonly points: PreparedPoints; uploadAgain(): Promise<T> } {
  const first = fingerprinted(points);
  return {
    points: first.points,
    async uploadAgain() {
      const second = fingerprinted(points);
      const uploaded = await upload(second.points).catch((error: unknown) => {
        throw error instanceof TypeError && !isOver() ? lostWithPoints() : error;
      });
      if (second.fingerprint() === first.fingerprint()) return uploaded;
      uploaded.dataset.destroy();
      throw lostWithPoints();
    },
  };
}

/** The same points, and a fingerprint of what was read of them so far. */
function fingerprinted(points: PreparedPoints): { readonly points: PreparedPoints; fingerprint(): string } {
  // Sums of mixed values, so that the order and the size of the pieces do not matter.
  let [low, high] = [0, 0];
  return {
    points: {
      ...points,
      fill(target: RowValues, start, end) {
        points.fill(target, start, end);
        const words = new Uint32Array(target.buffer, target.byteOffset, target.byteLength / 4);
        const each = target.BYTES_PER_ELEMENT / 4;
        const length = (end - start) * points.d * each;
        const first = start * points.d * each;
        for (let i = 0; i < length; i++) {
          const mixed = Math.imul(words[i] ^ Math.imul(first + i + 1, 0x9e3779b1), 0x85ebca6b);
          const spread = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35);
          low = (low + spread) | 0;
          high = (high + (spread ^ (spread >>> 13))) | 0;
        }
      },
    },
    fingerprint: () => `${low},${high}`,
  };
}

function lostWithPoints(): DeviceLostError {
  return new DeviceLostError(
    'the GPU device was lost, and the array of the points is no longer what was uploaded: the fit cannot go on',
  );
}
