/** The ratios that the engine is to reach, and the table of what it reaches. */
import { formatTable, threeDigits } from '../table.ts';

/** A bar to meet, and better: a dream. */
export interface Goal {
  readonly sense: '≤' | '≥';
  readonly bar: number;
  readonly dream: number;
}

export const GOALS = {
  fit: { sense: '≤', bar: 1, dream: 0.7 },
  /** D, scanned as bytes: its rows are short enough for a fit to be little else than scans. */
  fitOfBytes: { sense: '≤', bar: 0.8, dream: 0.6 },
  /** Where the processor's wide vectors meet WebAssembly's of 128 bits, without products of bytes. */
  fitOfWords: { sense: '≤', bar: 1.3, dream: 1 },
  converged: { sense: '≤', bar: 0.7, dream: 0.3 },
  overMlKMeans: { sense: '≥', bar: 15, dream: 30 },
  mixture: { sense: '≤', bar: 1, dream: 0.5 },
  plusPlus: { sense: '≤', bar: 10, dream: 6 },
  memory: { sense: '≤', bar: 2.5, dream: 2.2 },
  memoryOfFlights: { sense: '≤', bar: 3.2, dream: 2.8 },
  farCell: { sense: '≤', bar: 1.3, dream: 1.05 },
  predict: { sense: '≤', bar: 0.7, dream: 0.4 },
  wholeCall: { sense: '≥', bar: 10, dream: 30 },
  afterTheImport: { sense: '≥', bar: 3, dream: 6 },
  notSlower: { sense: '≥', bar: 1, dream: 2 },
  turf: { sense: '≥', bar: 5, dream: 10 },
  /** Milliseconds of 12 megapixels. */
  palette: { sense: '≤', bar: 150, dream: 60 },
  miniBatch: { sense: '≤', bar: 0.15, dream: 0.05 },
  miniBatchInertia: { sense: '≤', bar: 1.03, dream: 1.01 },
  oneRow: { sense: '≤', bar: 2, dream: 1 },
} as const satisfies Record<string, Goal>;

/** A ratio as measured. */
export interface Outcome {
  readonly figure: string;
  readonly on: string;
  readonly measured: number;
  /** Null where the ratio is only told. */
  readonly goal: Goal | null;
}

export function outcome(figure: string, on: string, measured: number, goal: Goal | null = null): Outcome {
  return { figure, on, measured, goal };
}

export function outcomeTable(outcomes: readonly Outcome[]): string {
  return formatTable(
    ['ratio', 'measured', 'bar', 'dream', ''],
    outcomes.map(({ figure, on, measured, goal }) => [
      `${figure}: ${on}`,
      threeDigits(measured),
      goal === null ? '' : `${goal.sense} ${goal.bar}`,
      goal === null ? '' : `${goal.sense} ${goal.dream}`,
      goal === null ? '' : verdict(measured, goal),
    ]),
  );
}

function verdict(measured: number, { sense, bar, dream }: Goal): string {
  const reaches = (limit: number) => (sense === '≤' ? measured <= limit : measured >= limit);
  if (reaches(dream)) return 'dream met';
  if (reaches(bar)) return 'met';
  return `missed by ${threeDigits(sense === '≤' ? measured / bar : bar / measured)}×`;
}
