/** Values in words: for tables, sentences and axes, each by what its column measures. */

export type Measure = 'number' | 'date' | 'time' | 'boolean' | 'text' | 'component';

export interface Tick {
  readonly value: number;
  readonly label: string;
}

export const MINUTES_A_DAY = 1440;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const YEAR = 365.2425 * DAY;
/** What a Date can hold. */
const LAST_DATE = 8.64e15;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const NOTHING = '–';

/**
 * A value of a column.
 *
 * @param step what is less need not be told, in the units of the value; 0: three figures, minutes of a day, whole dates.
 */
export function formatValue(measure: Measure, value: number, step = 0): string {
  if (Number.isNaN(value)) return NOTHING;
  if (measure === 'time') return clock(value, step || 1);
  if (measure === 'date') return date(value, step);
  if (measure === 'boolean' && (value === 0 || value === 1)) return value === 1 ? 'yes' : 'no';
  if (measure === 'boolean') return formatShare(value);
  return step > 0 ? fixed(value, digitsOf(step)) : formatNumber(value);
}

/** A value of a cyclic column, from 0 to its period: of dates "12 Mar" of a year, "14:05" of a day. */
export function formatOnCircle(measure: Measure, value: number, period: number): string {
  if (measure !== 'date' || Number.isNaN(value)) return formatValue(measure, value);
  if (period <= DAY) return clock(value / MINUTE);
  if (period < 300 * DAY) return formatSpan(measure, value);
  const at = new Date(value);
  return `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]}`;
}

/** A distance between two values: "1 h 30 min", "12 days", "580". */
export function formatSpan(measure: Measure, span: number): string {
  if (Number.isNaN(span)) return NOTHING;
  if (measure === 'time') return duration(span * MINUTE);
  if (measure === 'date') return duration(span);
  return formatNumber(span);
}

/**
 * A finite number with a true minus, but none before nothing; else as `Intl` writes it, which takes tens of milliseconds where it
 * is used for the first time.
 */
function decimal(value: number, leastDigits: number, mostDigits: number): string {
  // What is rounded is the decimal that stands for the number, not the binary one, which may be on the other side of a half.
  const [mantissa, exponent = '0'] = String(Math.abs(value)).split('e');
  const [above, below = ''] = mantissa.split('.');
  const kept = above.length + Number(exponent) + mostDigits;
  const figures = above + below;
  const isUp = kept >= 0 && figures[kept] >= '5';
  const units = BigInt(kept > 0 ? figures.slice(0, kept).padEnd(kept, '0') : 0) + (isUp ? 1n : 0n);
  const text = String(units).padStart(mostDigits + 1, '0');
  const point = text.length - mostDigits;
  let end = text.length;
  while (end > point + leastDigits && text[end - 1] === '0') end--;
  const whole = text.slice(0, point).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${value < 0 && units > 0n ? '−' : ''}${whole}${end > point ? `.${text.slice(point, end)}` : ''}`;
}

/** With so many figures, but all of those before the point. */
export function formatNumber(value: number, figures = 3): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? NOTHING : value > 0 ? '∞' : '−∞';
  if (size !== 0 && (size >= 1e15 || size < 1e-4)) return withPower(value, figures);
  const digits = size === 0 ? 0 : Math.max(0, figures - 1 - Math.floor(Math.log10(size)));
  return decimal(value, 0, Math.min(digits, 20));
}

/** With three figures, millions as such: "164M". */
export function formatShort(value: number): string {
  const [letter, unit] = largeUnit(value);
  return `${formatNumber(value / unit)}${letter}`;
}

/** "12%", "3.4%", "< 0.1%". */
export function formatShare(part: number): string {
  if (Number.isNaN(part)) return NOTHING;
  if (part > 0 && part < 0.001) return '< 0.1%';
  if (part < 1 && part > 0.999) return '> 99.9%';
  const digits = part < 0.0995 || part > 0.99 ? 1 : 0;
  return `${formatNumber(Number((100 * part).toFixed(digits)))}%`;
}

/** Minutes after midnight as a clock shows them, on any day: −90 is 22:30. */
export function clock(minutes: number, step = 1): string {
  if (!Number.isFinite(minutes)) return NOTHING;
  const digits = step < 1 / 60 ? Math.min(3, digitsOf(60 * step * 1.0000001)) : 0;
  const unit = step >= 1 ? 1 : 1 / (60 * 10 ** digits);
  const units = Math.round(modulo(Math.round(minutes / unit), Math.round(MINUTES_A_DAY / unit)));
  const whole = Math.floor(units * unit + 1e-9);
  const hands = `${two(Math.floor(whole / 60))}:${two(whole % 60)}`;
  if (step >= 1) return hands;
  const seconds = Math.max(0, (units * unit - whole) * 60);
  return `${hands}:${seconds.toFixed(digits).padStart(digits > 0 ? digits + 3 : 2, '0')}`;
}

/** Round values within [low, high], about `most` of them at most, with labels that tell them apart. */
export function ticks(measure: Measure, low: number, high: number, most: number): Tick[] {
  if (!(high > low) || !Number.isFinite(high - low) || !(most > 0)) return [];
  if (measure === 'date') return dateTicks(low, high, most);
  if (measure === 'time') return clockTicks(low, high, most);
  if (measure === 'boolean') return multiples(1, low, high).filter(isTruth).map(labelled(truth));
  const step = roundStep((high - low) / most);
  return multiples(step, low, high).map(labelled((value) => numberTick(value, step)));
}

function isTruth(value: number): boolean {
  return value === 0 || value === 1;
}

function truth(value: number): string {
  return value === 1 ? 'yes' : 'no';
}

function labelled(label: (value: number) => string): (value: number) => Tick {
  return (value) => ({ value, label: label(value) });
}

/** The least of 1, 2 and 5 times a power of ten that is not below. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  // A tick more is no harm where the division rounds.
  const times = [1, 2, 5, 10].find((each) => each * power >= least * (1 - 1e-9)) ?? 10;
  return Number((times * power).toPrecision(3));
}

/** Multiples of the step, behind an offset. The ends come out of a division: a tick on one may lie outside by rounding. */
function multiples(step: number, low: number, high: number, offset = 0): number[] {
  // In steps; a range may be much less than one.
  const slack = 1e-6 * Math.min(1, (high - low) / step);
  const first = Math.ceil((low - offset) / step - slack);
  const last = Math.floor((high - offset) / step + slack);
  // Numbers of fifteen figures are told apart, not more.
  if (!(Math.max(Math.abs(first), Math.abs(last)) < 1e14)) return [];
  // 3 × 0.1 is not 0.3 before it is rounded.
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => {
    const value = (first + i) * step;
    return offset + (Number.isInteger(value) ? value + 0 : Number(value.toPrecision(15)));
  });
}

const LARGE = [
  ['T', 1e12],
  ['B', 1e9],
  ['M', 1e6],
] as const;

function largeUnit(value: number): readonly [letter: string, unit: number] {
  const size = Math.abs(value);
  return (size < 1e15 && LARGE.find(([, each]) => size >= each)) || ['', 1];
}

function numberTick(value: number, step: number): string {
  if (step < 1e-6 || Math.abs(value) >= 1e15) return value === 0 ? '0' : withPower(value, 3);
  const [letter, unit] = step >= 1e4 ? largeUnit(value) : ['', 1];
  return `${fixed(value / unit, digitsOf(step / unit))}${letter}`;
}

/** Digits behind the point that a step needs. */
function digitsOf(step: number): number {
  return Math.min(20, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
}

function fixed(value: number, digits: number): string {
  return Number.isFinite(value) ? decimal(value, digits, digits) : formatNumber(value);
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

function withPower(value: number, figures: number): string {
  const [mantissa, power] = value.toExponential(figures - 1).split('e');
  const short = String(Number(mantissa)).replace('-', '−');
  const raised = power
    .replace('+', '')
    .replace('-', '⁻')
    .replace(/\d/g, (digit) => SUPERSCRIPTS[Number(digit)]);
  return `${short}×10${raised}`;
}

const CLOCK_STEPS = [1 / 60, 5 / 60, 15 / 60, 30 / 60, 1, 5, 15, 30, 60, 180, 360, 720];

function clockTicks(low: number, high: number, most: number): Tick[] {
  const least = (high - low) / most;
  const days = () => MINUTES_A_DAY * Math.max(1, roundStep(least / MINUTES_A_DAY));
  const step = least < 1 / 60 ? roundStep(60 * least) / 60 : (CLOCK_STEPS.find((each) => each >= least) ?? days());
  return multiples(step, low, high).map(labelled((value) => clock(value, step)));
}

/** From milliseconds to weeks, which begin on Mondays. */
const DATE_STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 5, 15, 30].map((each) => each * SECOND),
  ...[1, 5, 15, 30].map((each) => each * MINUTE),
  ...[1, 3, 6, 12].map((each) => each * HOUR),
  ...[1, 2, 7, 14].map((each) => each * DAY),
];
const MONDAY = 4 * DAY;

function dateTicks(from: number, to: number, most: number): Tick[] {
  const [low, high] = [Math.max(from, -LAST_DATE), Math.min(to, LAST_DATE)];
  const least = (high - low) / most;
  const step = DATE_STEPS.find((each) => each >= least);
  if (step === undefined) return monthTicks(low, high, least / (YEAR / 12));
  const values = multiples(step, low, high, step >= 7 * DAY ? MONDAY : 0);
  return values.map((value, i) => ({ value, label: dayTick(value, step, values[i - 1]) }));
}

/** A tick says what is new since the one before: the first one all of it. */
function dayTick(value: number, step: number, before: number | undefined): string {
  const at = new Date(value);
  const last = before === undefined ? null : new Date(before);
  const isNewYear = last?.getUTCFullYear() !== at.getUTCFullYear();
  const day = `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]}${isNewYear ? ` ${at.getUTCFullYear()}` : ''}`;
  if (step >= DAY) return day;
  const time = clock(modulo(value, DAY) / MINUTE, step / MINUTE);
  const isNewDay = last === null || Math.floor(value / DAY) !== Math.floor(last.getTime() / DAY);
  if (!isNewDay) return time;
  return modulo(value, DAY) === 0 ? day : `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]} ${time}`;
}

function monthTicks(low: number, high: number, exact: number): Tick[] {
  // Months and years differ: five years may have a day more than five times the mean.
  const least = 0.97 * exact;
  const step = [1, 3, 6].find((each) => each >= least) ?? 12 * Math.max(1, roundStep(least / 12));
  const months = multiples(step, monthOf(low), monthOf(high) + 1).filter(
    (month) => startOf(month) >= low && startOf(month) <= high,
  );
  return months.map((month, i) => {
    const year = yearName(Math.floor(month / 12));
    const name = MONTHS[modulo(month, 12)];
    if (step >= 12 || (i > 0 && modulo(month, 12) === 0)) return { value: startOf(month), label: year };
    return { value: startOf(month), label: i === 0 ? `${name} ${year}` : name };
  });
}

/** Months since the beginning of the year 0. */
function monthOf(time: number): number {
  const at = new Date(time);
  return 12 * at.getUTCFullYear() + at.getUTCMonth();
}

function startOf(month: number): number {
  // Date.UTC takes the years up to 99 for those of the last century.
  return new Date(0).setUTCFullYear(Math.floor(month / 12), modulo(month, 12), 1);
}

function yearName(year: number): string {
  return year < 0 ? `−${-year}` : String(year);
}

function date(value: number, step: number): string {
  if (Math.abs(value) > LAST_DATE) return `year ${formatNumber(Math.floor(1970 + value / YEAR))}`;
  const at = new Date(value);
  const day = `${yearName(at.getUTCFullYear()).padStart(4, '0')}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`;
  const rest = modulo(value, DAY);
  if (step >= DAY || (step === 0 && rest === 0)) return day;
  const least = step === 0 ? (rest % MINUTE === 0 ? MINUTE : SECOND) : step;
  return `${day} ${clock(rest / MINUTE, least / MINUTE)}`;
}

const UNITS = [
  ['year', YEAR],
  ['day', DAY],
  ['h', HOUR],
  ['min', MINUTE],
  ['s', SECOND],
] as const;

/** In its greatest unit and the next one, where that says more than nothing. */
function duration(milliseconds: number): string {
  const sign = milliseconds < 0 ? '−' : '';
  const size = Math.abs(milliseconds);
  const place = UNITS.findIndex(([, unit]) => size >= unit);
  if (place < 0) return size === 0 ? '0 min' : `${sign}${formatNumber(size)} ms`;
  const [name, unit] = UNITS[place];
  const isFine = name === 'h' && size < DAY;
  if (!isFine) return `${sign}${counted(Number((size / unit).toPrecision(2)), name)}`;
  const minutes = Math.round(size / MINUTE);
  const rest = minutes % 60 === 0 ? '' : ` ${minutes % 60} min`;
  return `${sign}${Math.floor(minutes / 60)} h${rest}`;
}

function counted(count: number, name: string): string {
  const plural = count === 1 || name.length < 4 ? '' : 's';
  // "min" and "day" have as many letters.
  return `${formatNumber(count)} ${name}${name === 'day' && count !== 1 ? 's' : plural}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** The remainder from 0 upwards. */
export function modulo(value: number, period: number): number {
  const left = value - period * Math.floor(value / period);
  // Of what lies next to nothing below 0 rounding makes all of the period.
  return left < period ? left : 0;
}
