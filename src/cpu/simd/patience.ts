/** When what did not pay is tried again: after one assignment, then two, then four. */
export class Patience {
  #waits = 0;
  #next = 1;

  /** Whether it is time; else one wait is over. */
  isOver(): boolean {
    if (this.#waits === 0) return true;
    this.#waits--;
    return false;
  }

  /** It did not pay once more. */
  lose(): void {
    this.#waits = this.#next;
    this.#next *= 2;
  }
}
