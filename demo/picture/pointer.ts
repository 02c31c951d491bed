/** What fingers, a mouse and its wheel do to the picture, in CSS pixels of an element. */

export interface Gestures {
  /** One pointer drags; `isStart` with the first step of it. */
  readonly onDrag: (at: Spot, right: number, down: number, event: PointerEvent) => void;
  readonly onDragStart: (at: Spot) => void;
  readonly onDragEnd: (at: Spot, isCancelled: boolean) => void;
  /** Two fingers: nearer by `factor` about a place, which moves. */
  readonly onPinch: (factor: number, about: Spot, right: number, down: number) => void;
  readonly onWheel: (factor: number, about: Spot, event: WheelEvent) => boolean;
  readonly onClick: (at: Spot) => void;
  readonly onDoubleClick: (at: Spot) => void;
  /** Of a mouse or a pen that is not pressed; null where it leaves. */
  readonly onHover: (at: Spot | null) => void;
}

export interface Spot {
  readonly x: number;
  readonly y: number;
}

/** What moves less, in CSS pixels, is a click. */
const SLACK = 4;
/** Two clicks within these are one of both: milliseconds, and CSS pixels. */
const DOUBLE = { time: 350, distance: 24 };

/** Returns what ends it. */
export function listenTo(element: HTMLElement, gestures: Gestures): () => void {
  const held = new Map<number, Spot>();
  let start: Spot | null = null;
  let isDragging = false;
  /** Whether there were two fingers since there was none: what they do last is no click. */
  let isPinch = false;
  let lastClick = { at: { x: 0, y: 0 }, time: -Infinity };

  const spotOf = ({ clientX, clientY }: MouseEvent): Spot => {
    const { left, top } = element.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  };

  const down = (event: PointerEvent) => {
    if (event.button !== 0 || held.size === 2 || isControl(event.target)) return;
    held.set(event.pointerId, spotOf(event));
    element.setPointerCapture(event.pointerId);
    if (held.size === 1) start = spotOf(event);
    else if (isDragging) stopDrag(spotOf(event), true);
    isPinch = held.size === 2;
  };

  const move = (event: PointerEvent) => {
    const at = spotOf(event);
    const before = held.get(event.pointerId);
    if (before === undefined) {
      if (event.pointerType !== 'touch') gestures.onHover(isControl(event.target) ? null : at);
      return;
    }
    if (held.size === 2) return pinch(event.pointerId, before, at);
    if (!isDragging && start !== null && Math.hypot(at.x - start.x, at.y - start.y) >= SLACK) {
      isDragging = true;
      gestures.onHover(null);
      gestures.onDragStart(start);
    }
    if (!isDragging) return;
    held.set(event.pointerId, at);
    gestures.onDrag(at, at.x - before.x, at.y - before.y, event);
  };

  const pinch = (id: number, before: Spot, at: Spot) => {
    const other = [...held].find(([each]) => each !== id)![1];
    held.set(id, at);
    const apart = (spot: Spot) => Math.max(8, Math.hypot(spot.x - other.x, spot.y - other.y));
    const about = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
    gestures.onPinch(apart(at) / apart(before), about, (at.x - before.x) / 2, (at.y - before.y) / 2);
  };

  const up = (event: PointerEvent) => {
    if (!held.delete(event.pointerId)) return;
    const at = spotOf(event);
    if (isDragging) stopDrag(at, event.type !== 'pointerup');
    else if (start !== null && !isPinch && event.type === 'pointerup') click(at);
    // A finger that is left goes on by itself.
    start = [...held.values()][0] ?? null;
    isPinch &&= held.size > 0;
  };

  const stopDrag = (at: Spot, isCancelled: boolean) => {
    isDragging = false;
    gestures.onDragEnd(at, isCancelled);
  };

  const click = (at: Spot) => {
    const { at: last, time } = lastClick;
    const now = performance.now();
    const isSecond = now - time < DOUBLE.time && Math.hypot(at.x - last.x, at.y - last.y) < DOUBLE.distance;
    lastClick = { at, time: isSecond ? -Infinity : now };
    if (isSecond) gestures.onDoubleClick(at);
    else gestures.onClick(at);
  };

  const wheel = (event: WheelEvent) => {
    // Lines and pages, where a browser counts in these.
    const unit = [1, 16, 320][event.deltaMode] ?? 1;
    // A trackpad's pinch comes as a wheel with Ctrl, in small steps.
    const speed = event.ctrlKey && Math.abs(event.deltaY) < 30 ? 100 : 400;
    const factor = Math.exp(-Math.max(-300, Math.min(300, event.deltaY * unit)) / speed);
    if (gestures.onWheel(factor, spotOf(event), event)) event.preventDefault();
  };

  // A finger leaves with each tap.
  const leave = ({ pointerType }: PointerEvent) => {
    if (pointerType !== 'touch') gestures.onHover(null);
  };
  const stop = new AbortController();
  const { signal } = stop;
  element.addEventListener('pointerdown', down, { signal });
  element.addEventListener('pointermove', move, { signal });
  element.addEventListener('pointerup', up, { signal });
  element.addEventListener('pointercancel', up, { signal });
  element.addEventListener('lostpointercapture', up, { signal });
  element.addEventListener('pointerleave', leave, { signal });
  element.addEventListener('wheel', wheel, { signal, passive: false });
  return () => stop.abort();
}

/** Buttons that lie above the picture are pressed, not dragged. */
function isControl(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('button, a, .picture-card') !== null;
}
