/** When work lets the event loop in. There is one clock for all of a thread's work: short calls in a row are long work. */

/** Milliseconds of work between two turns of the event loop: short enough for a page to feel alive. */
const TURN_MS = 20;
/** Of these, what is left for work that goes on behind a look at the clock: until the next one, a millisecond or a few. */
const ROOM_MS = 5;

/** Since when there has been work without a turn; null where none has begun since the last one. */
let since: number | null = null;
/** The turns that are waited for, one after the other: whoever gets one has all of the time up to the next. */
let turns: Promise<void> = Promise.resolve();

/** A promise to wait for where a turn of the event loop is due, else nothing. */
export function turnIfDue(): Promise<void> | undefined {
  startClock();
  if (performance.now() - since! < TURN_MS - ROOM_MS) return undefined;
  turns = turns.then(nextTurn).then(restart);
  return turns;
}

/** Work begins: what there is of it up to the first look at the clock counts too. */
export function startClock(): void {
  if (since !== null) return;
  since = performance.now();
  // The loop may have a turn without being waited for.
  void nextTurn().then(() => {
    since = null;
  });
}

/** The loop had a turn, and whoever waited for it goes on at once. */
function restart(): void {
  since = null;
  startClock();
}

/** As they are when this is loaded: tests replace them by ones that never call back. */
const {
  setImmediate: immediate,
  setTimeout: timeout,
  MessageChannel: Channel,
} = globalThis as Partial<Pick<typeof globalThis, 'setImmediate' | 'setTimeout' | 'MessageChannel'>>;

/** Behind what waits in the event loop. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof immediate === 'function') immediate(resolve);
    else if (typeof Channel === 'function') onMessage(new Channel(), resolve);
    // Four milliseconds in a page: the last choice, as under jsdom.
    else timeout?.(resolve, 0);
  });
}

function onMessage({ port1, port2 }: MessageChannel, resolve: () => void): void {
  port1.onmessage = () => {
    port1.close();
    resolve();
  };
  port2.postMessage(null);
}

/** Multiply-adds that are about a millisecond. */
const TURN_WORK = 2 ** 20;
/** No more: a power of two, so that it divides the slices that engines cut rows into. */
const MOST_ROWS = 512;
const LEAST_ROWS = 4;

/** Rows between two looks at the clock where each takes so many multiply-adds: a power of two, at least four. */
export function rowsOfTurn(workPerRow: number): number {
  let rows = MOST_ROWS;
  // Asked by each of a fit's small steps: a logarithm takes longer than some of them.
  while (rows > LEAST_ROWS && rows * workPerRow > TURN_WORK) rows /= 2;
  return rows;
}
