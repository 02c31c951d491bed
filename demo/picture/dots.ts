/**
 * The layer of dots: what there is of it moves at once with the view; the true one follows. While the view moves, these are
 * pictures of a sample.
 */
import { type Drawn, type Exposure, SAMPLE, type SceneInfo, type ToPixels } from './scene.ts';
import { type Size, shiftBetween } from './view.ts';

export type Look = Pick<Exposure, 'colours' | 'scheme' | 'alone' | 'showsDoubt'>;

/** What is to be seen. */
export interface Wish {
  readonly scene: SceneInfo;
  /** Of rows or labels: another number where these are others. */
  readonly version: number;
  /** Of a run that is on: another one as often as labels of the sample are others. */
  readonly live: object | null;
  readonly n: number;
  readonly look: Look;
  /** Of the area, in CSS pixels, and from coordinates to these. */
  readonly size: Size;
  readonly matrix: ToPixels;
  readonly ratio: number;
  /** Whether a sample will do: of what changes all the time. */
  readonly isRough: boolean;
}

export interface Dots {
  show(wish: Wish): void;
  /** The last whole picture, if it shows what is wished now. */
  whole(): Drawn | null;
  end(): void;
}

interface Options {
  readonly canvas: HTMLCanvasElement;
  readonly expose: (exposure: Exposure, signal: AbortSignal) => Promise<Drawn>;
  /** Told of each whole picture. */
  readonly onWhole: (drawn: Drawn) => void;
  /** There is no picture to be had. */
  readonly onTrouble: (message: string) => void;
}

/** Milliseconds without a move, before all rows are drawn. */
const REST = 120;

interface Sight {
  readonly drawn: Drawn;
  readonly wish: Wish;
  readonly isWhole: boolean;
}

let exposures = 0;

export function createDots({ canvas, expose, onWhole, onTrouble }: Options): Dots {
  const context = canvas.getContext('2d');
  let wish: Wish | null = null;
  let sight: Sight | null = null;
  let flight: { readonly controller: AbortController; readonly isWhole: boolean; readonly isLive: boolean } | null =
    null;
  let rest: ReturnType<typeof setTimeout> | undefined;
  let isMoving = false;
  let hasEnded = false;

  return {
    show(next) {
      const before = wish;
      wish = next;
      if (before !== null && before.isRough === next.isRough && isAlike(before, next)) return;
      if (before !== null && before.scene === next.scene && !isSame(before.matrix, next.matrix)) startMove();
      redraw();
      request();
    },
    whole: () => (sight !== null && wish !== null && isTrue(sight, wish) ? sight.drawn : null),
    end() {
      hasEnded = true;
      clearTimeout(rest);
      flight?.controller.abort();
      sight?.drawn.bitmap.close();
    },
  };

  function startMove(): void {
    isMoving = true;
    clearTimeout(rest);
    rest = setTimeout(() => {
      isMoving = false;
      request();
    }, REST);
  }

  /** One picture at a time, the newest: a whole one that is under way gives place to a move, and that of a run to a whole one. */
  function request(): void {
    if (hasEnded || wish === null) return;
    const takesSample = isMoving || wish.isRough;
    if (flight !== null) {
      if (flight.isWhole ? isMoving : flight.isLive && !takesSample) flight.controller.abort();
      return;
    }
    const isDone = sight !== null && (takesSample ? isFresh(sight, wish) : isTrue(sight, wish));
    if (!isDone) void fetchSight(wish, !takesSample);
  }

  async function fetchSight(wanted: Wish, isWhole: boolean): Promise<void> {
    const controller = new AbortController();
    flight = { controller, isWhole, isLive: wanted.live !== null };
    let isFailed = false;
    try {
      const drawn = await expose(exposureOf(wanted, isWhole), controller.signal);
      take({ drawn, wish: wanted, isWhole });
    } catch (error) {
      isFailed = !controller.signal.aborted && !hasEnded;
      if (isFailed) onTrouble(error instanceof Error ? error.message : String(error));
    }
    flight = null;
    // What failed would fail again: until something else is wished.
    if (!isFailed || wish !== wanted) request();
  }

  function take(next: Sight): void {
    // What shows other axes is of no use.
    if (hasEnded || wish === null || wish.scene !== next.wish.scene) {
      next.drawn.bitmap.close();
      return;
    }
    sight?.drawn.bitmap.close();
    sight = next;
    redraw();
    if (next.isWhole) onWhole(next.drawn);
  }

  function redraw(): void {
    if (context === null || wish === null) return;
    const [width, height] = pixelsOf(wish.size, wish.ratio);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    if (sight === null || sight.wish.scene !== wish.scene) return;
    const { bitmap, toPixels } = sight.drawn;
    const { scaleX, scaleY, left, top } = shiftBetween(toPixels, scaled(wish.matrix, wish.ratio), wish.scene);
    context.setTransform(scaleX, 0, 0, scaleY, left, top);
    context.drawImage(bitmap, 0, 0);
  }
}

function exposureOf({ size, ratio, matrix, look, n }: Wish, isWhole: boolean): Exposure {
  // What moves is seen well enough at half the resolution of a fine screen, in a quarter of the time.
  const coarse = isWhole ? ratio : Math.max(Math.min(1, ratio), ratio / 2);
  const [width, height] = pixelsOf(size, coarse);
  const sample = isWhole || n <= SAMPLE ? null : SAMPLE;
  return { ...look, id: ++exposures, width, height, ratio: coarse, toPixels: scaled(matrix, coarse), sample };
}

function pixelsOf({ width, height }: Size, ratio: number): [width: number, height: number] {
  return [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
}

function scaled(matrix: ToPixels, ratio: number): ToPixels {
  return matrix.map((value) => value * ratio) as unknown as ToPixels;
}

function isSame(left: readonly number[], right: readonly number[]): boolean {
  return left.every((value, at) => value === right[at]);
}

/** Whether one picture would do for both. */
function isAlike(left: Wish, right: Wish): boolean {
  return (
    left.scene === right.scene &&
    left.version === right.version &&
    left.live === right.live &&
    left.ratio === right.ratio &&
    isSame(left.matrix, right.matrix) &&
    left.size.width === right.size.width &&
    left.size.height === right.size.height &&
    left.look.colours === right.look.colours &&
    left.look.scheme === right.look.scheme &&
    left.look.alone === right.look.alone &&
    left.look.showsDoubt === right.look.showsDoubt
  );
}

/** Whether a picture shows what is wished, if perhaps of a sample. */
function isFresh(sight: Sight, wish: Wish): boolean {
  return isAlike(sight.wish, wish);
}

function isTrue(sight: Sight, wish: Wish): boolean {
  return sight.isWhole && isFresh(sight, wish);
}
