/** What the page knows of a feature, in the order of the points' columns. */
export interface Feature {
  readonly title: string;
  /** What the plot shows at first; nearly all flights lie within. */
  readonly home: readonly [low: number, high: number];
  /** Distances between ticks to choose from, ascending; above the last, its multiples by powers of ten. */
  readonly steps: readonly number[];
  /** A tick's label. */
  readonly tick: (value: number) => string;
  /** A value in a sentence or a table. */
  readonly format: (value: number) => string;
}

const MINUTES_A_DAY = 1440;
const DECIMAL = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

export const FEATURES: readonly Feature[] = [
  {
    title: 'Delay (minutes)',
    home: [-60, 240],
    steps: DECIMAL,
    tick: number,
    format: (value) => `${Math.round(value) > 0 ? '+' : ''}${number(Math.round(value))} min`,
  },
  {
    title: 'Distance (miles)',
    home: [0, 2800],
    steps: DECIMAL,
    tick: number,
    format: (value) => `${number(Math.round(value))} mi`,
  },
  {
    title: 'Time of day',
    home: [0, MINUTES_A_DAY],
    steps: [1, 5, 15, 30, 60, 180, 360, 720, MINUTES_A_DAY],
    tick: clock,
    format: clock,
  },
];

/** Round values within [low, high], at most `most` of them and one more. */
export function ticks({ steps }: Feature, low: number, high: number, most: number): number[] {
  let step = steps.find((each) => (high - low) / each <= most) ?? steps[steps.length - 1];
  while ((high - low) / step > most) step *= 10;
  // The ends come out of a matrix inverse: a tick on them may lie outside by rounding.
  const first = Math.ceil(low / step - 1e-6);
  const last = Math.floor(high / step + 1e-6);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

export function number(value: number): string {
  // Adding 0 takes the sign from −0.
  return (value + 0).toLocaleString('en').replace('-', '−');
}

function clock(minute: number): string {
  const whole = Math.round(minute);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(whole / 60))}:${two(whole % 60)}`;
}
