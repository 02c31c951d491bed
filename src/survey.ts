/** The first reading of whatever is given: at once, or where an engine reads for itself of a few rows only. */
import { arrayTypeOf, owns } from './check.ts';
import {
  checkWeights,
  type FlatForm,
  type HostForm,
  type PointsInput,
  type RowsForm,
  readForm,
  shapeOf,
} from './forms.ts';
import { type GpuPoints, type SurveyedPoints, type SurveyOptions, sampleRowsOf, surveyForm } from './points.ts';
import { resultOf, type Steps } from './steps.ts';

/**
 * Reads and checks points and weights, in turns with other work where they are many.
 *
 * @throws {TypeError} where something is of the wrong kind.
 * @throws {RangeError} where a value is wrong: NaN or ±Infinity or beyond ±1e150, ragged rows, n·d ≠ data.length, n = 0,
 *   d = 0, a negative weight, no positive weight, a zero row where the metric is one of unit rows. The message names the
 *   argument and the index. Where all rows are not read yet, what they are prepared by throws.
 */
export function* surveyPoints(points: PointsInput, options: SurveyOptions = {}): Steps<SurveyedPoints | GpuPoints> {
  const form = readForm(points);
  if (!owns(form, 'fields')) {
    if (!staysUnread(form, options)) return yield* surveyForm(form, options);
    const { n, d } = form;
    const seen = yield* sampleRowsOf(form, null, n);
    const prepare: SurveyedPoints['prepare'] = function* (...how) {
      return yield* (yield* surveyForm(form, options)).prepare(...how);
    };
    return { n, d, prepare, unread: { form, seen, options } };
  }
  const { metric = 'euclidean', sampleWeight, frame } = options;
  const weights = checkWeights(sampleWeight, shapeOf('points', form.fields)[0]);
  const { readBuffer } = yield* resultOf(import('./device-points.ts'));
  return { ...readBuffer('points', form.fields), metric, weights, frame };
}

/** Fewer values are read before an engine has been asked. */
const UNREAD_VALUES = 2 ** 18;

/** Whether an engine may read the rows where they were copied to. */
export function staysUnread(form: HostForm | RowsForm, { sampleWeight, frame }: SurveyOptions): form is FlatForm {
  if (form.n * form.d < UNREAD_VALUES || form.flat === undefined) return false;
  if (sampleWeight !== undefined || frame?.precise) return false;
  // Float32 holds all of their values.
  return /^(Float32|Float16|Int8|Int16|Uint8|Uint16)/.test(arrayTypeOf(form.flat.data)!);
}
