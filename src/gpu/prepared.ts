import { changedPoints, type PreparedPoints, type SurveyedPoints, type Unread } from '../points.ts';
import type { Steps } from '../steps.ts';

/**
 * Points in the frame of this engine.
 *
 * @throws {TypeError} where only some rows were read in the turn of the call, and are others now.
 */
export function* prepared({ unread, prepare }: SurveyedPoints): Steps<PreparedPoints> {
  if (unread !== undefined) checkSeen(unread);
  return yield* prepare('webgpu');
}

function checkSeen({ form, seen: { indices, values } }: Unread): void {
  const row = new Float64Array(form.d);
  for (let s = 0; s * form.d < values.length; s++) {
    const i = indices?.[s] ?? s;
    form.read(i, i + 1, row);
    if (row.some((value, j) => !Object.is(value, values[s * form.d + j]))) throw changedPoints();
  }
}
