/** Dates and times of the day, as they are written. */

const [SPACE, PLUS, MINUS, SLASH, ZERO, COLON, POINT] = [32, 43, 45, 47, 48, 58, 46];
const DAY = 86_400_000;

/** Number of two digits, or −1. */
function two(bytes: ArrayLike<number>, at: number): number {
  const [a, b] = [bytes[at] - ZERO, bytes[at + 1] - ZERO];
  return a >= 0 && a <= 9 && b >= 0 && b <= 9 ? 10 * a + b : -1;
}

/** Days since 1970, of the calendar of today (Hinnant 2013); NaN where there is no such day. */
function daysOf(year: number, month: number, day: number): number {
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return Number.NaN;
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const yearOfEra = y - 400 * era;
  return (
    146_097 * era + 365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** "2001-01-17", "2001-01-17 15:35:00.5Z", "2001/01/17T15:35+01:00", "2001-01": milliseconds since 1970, or NaN. */
export function isoDate(bytes: ArrayLike<number>, start: number, end: number): number {
  const [century, year, month] = [two(bytes, start), two(bytes, start + 2), two(bytes, start + 5)];
  const mark = bytes[start + 4];
  if (century < 0 || year < 0 || month < 0 || (mark !== MINUS && mark !== SLASH)) return Number.NaN;
  const isMonth = end - start === 7;
  const day = isMonth ? 1 : two(bytes, start + 8);
  if (!isMonth && (bytes[start + 7] !== mark || day < 0)) return Number.NaN;
  const date = daysOf(100 * century + year, month, day) * DAY;
  if (end - start <= 10) return isMonth || end - start === 10 ? date : Number.NaN;
  const between = bytes[start + 10];
  if ((between | 32) !== 116 /* t */ && between !== SPACE) return Number.NaN;
  return date + clock(bytes, start + 11, end, true);
}

/** "15:35", "7:05:30.25", with a zone if it may have one: milliseconds, or NaN. */
function clock(bytes: ArrayLike<number>, start: number, end: number, mayHaveZone: boolean): number {
  let p = bytes[start + 1] === COLON ? start + 1 : start + 2;
  const hours = p === start + 1 ? bytes[start] - ZERO : two(bytes, start);
  const minutes = two(bytes, p + 1);
  if (bytes[p] !== COLON || hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return Number.NaN;
  p += 3;
  let time = (60 * hours + minutes) * 60_000;
  if (p < end && bytes[p] === COLON) {
    const seconds = two(bytes, p + 1);
    // A second may be leapt over.
    if (seconds < 0 || seconds > 60) return Number.NaN;
    time += seconds * 1000;
    p += 3;
    if (p < end && bytes[p] === POINT) {
      let unit = 100;
      for (p++; p < end && bytes[p] >= ZERO && bytes[p] < COLON; p++, unit /= 10) time += (bytes[p] - ZERO) * unit;
    }
  }
  return p === end ? time : mayHaveZone ? time - zone(bytes, p, end) : Number.NaN;
}

/** "Z", "+01:00", "-0530", "+02", " UTC": milliseconds, or NaN. */
function zone(bytes: ArrayLike<number>, at: number, end: number): number {
  let p = at;
  if (bytes[p] === SPACE) p++;
  const left = end - p;
  if (left === 1) return (bytes[p] | 32) === 122 /* z */ ? 0 : Number.NaN;
  if (left === 3 && bytes[p] === 85 && bytes[p + 1] === 84 && bytes[p + 2] === 67) return 0;
  const sign = bytes[p] === PLUS ? 1 : bytes[p] === MINUS ? -1 : Number.NaN;
  const hours = two(bytes, p + 1);
  const minutes = left === 3 ? 0 : two(bytes, end - 2);
  const fits = left === 3 || left === 5 || (left === 6 && bytes[p + 3] === COLON);
  return fits && hours >= 0 && minutes >= 0 ? sign * (60 * hours + minutes) * 60_000 : Number.NaN;
}

/** Letters that a date may have, and far more. */
const LONGEST = 40;

function codesOf(text: string): Uint8Array {
  return Uint8Array.from(text.slice(0, LONGEST), (letter) => letter.charCodeAt(0));
}

export function isIsoDate(text: string): boolean {
  return !Number.isNaN(isoDate(codesOf(text), 0, text.length));
}

const DAY_FIRST = /^(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?:[T ,]+(\S.*))?$/;

/** @returns milliseconds since 1970 of dates written in a way that is certain for all of them; else null. */
export function datesOf(texts: readonly string[]): number[] | null {
  if (texts.every(isIsoDate)) return texts.map((text) => isoDate(codesOf(text), 0, text.length));
  if (!texts.every((text) => DAY_FIRST.test(text))) return null;
  const parts = texts.flatMap((text) => [DAY_FIRST.exec(text) ?? []]);
  const couldBe = (place: 1 | 3) => parts.every((part) => Number(part[place]) <= 12);
  const [firstIsMonth, secondIsMonth] = [couldBe(1), couldBe(3)];
  // With points it is the day that is first, all over the world.
  const hasPoints = parts.every((part) => part[2] === '.');
  if (firstIsMonth && secondIsMonth && !hasPoints) return null;
  const [dayAt, monthAt] = secondIsMonth ? [1, 3] : [3, 1];
  const dates = parts.map((part) => {
    const time = part[5] === undefined ? 0 : timeWithin(part[5]);
    return daysOf(Number(part[4]), Number(part[monthAt]), Number(part[dayAt])) * DAY + time;
  });
  return dates.some(Number.isNaN) ? null : dates;
}

/** Whether these are dates, of which nobody can tell day from month. */
export function areDoubtfulDates(texts: readonly string[]): boolean {
  return texts.length > 0 && texts.every((text) => DAY_FIRST.test(text)) && datesOf(texts) === null;
}

function timeWithin(text: string): number {
  return clock(codesOf(text), 0, text.length, true);
}

/** @returns minutes after midnight, if all texts are times of the day; else null. */
export function timesOf(texts: readonly string[]): number[] | null {
  const times: number[] = [];
  for (const text of texts) {
    const time = clock(codesOf(text), 0, text.length, false) / 60_000;
    if (Number.isNaN(time)) return null;
    times.push(time);
  }
  return times;
}
