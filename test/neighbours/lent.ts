/** A device that is lent, and what is done to it meanwhile. */

type Listening = 'addEventListener' | 'removeEventListener';

export class LentDevice {
  readonly device: GPUDevice;
  /** Made since, and not destroyed. */
  readonly #live = new Set<GPUBuffer>();
  readonly #before: readonly unknown[];
  readonly #errors: string[] = [];
  readonly #told: string[] = [];
  #scopes = 0;
  #deepest = 0;
  #lost = false;

  constructor(device: GPUDevice) {
    this.device = device;
    device.addEventListener('uncapturederror', ({ error }) => void this.#errors.push(`uncaptured: ${error.message}`));
    void device.lost.then(({ message }) => {
      this.#lost = true;
      this.#told.push(`the device is lost: ${message}`);
    });
    this.#before = settingsOf(device);
    this.#watchBuffers();
    this.#watchScopes();
    for (const name of ['addEventListener', 'removeEventListener'] as const) this.#forbid(name);
    const destroy = device.destroy.bind(device);
    device.destroy = () => {
      this.#told.push('the device was destroyed');
      return destroy();
    };
  }

  /** Whoever has it destroys it. */
  given(buffer: GPUBuffer): void {
    this.#live.delete(buffer);
  }

  /** What is not as it was: nothing, if all is well. */
  async violations(): Promise<string[]> {
    // Errors and a loss are told in tasks of their own.
    await this.device.queue.onSubmittedWorkDone();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const changed = settingsOf(this.device).some((value, i) => value !== this.#before[i]);
    return [
      ...this.#told,
      ...this.#errors,
      ...(changed ? ['onuncapturederror or a label is another'] : []),
      ...(this.#scopes === 0 ? [] : [`${this.#scopes} error scopes are open`]),
      ...(this.#deepest < 0 ? ['an error scope was closed that somebody else had opened'] : []),
      ...Array.from(this.#live, ({ label, size }) => `a buffer of ${size} bytes is left: ${label}`),
    ];
  }

  get lost(): boolean {
    return this.#lost;
  }

  #watchBuffers(): void {
    const { device } = this;
    const createBuffer = device.createBuffer.bind(device);
    device.createBuffer = (descriptor) => {
      const buffer = createBuffer(descriptor);
      const destroy = buffer.destroy.bind(buffer);
      buffer.destroy = () => {
        this.#live.delete(buffer);
        return destroy();
      };
      this.#live.add(buffer);
      return buffer;
    };
  }

  #watchScopes(): void {
    const { device } = this;
    const [push, pop] = [device.pushErrorScope.bind(device), device.popErrorScope.bind(device)];
    device.pushErrorScope = (filter) => {
      this.#scopes++;
      return push(filter);
    };
    device.popErrorScope = () => {
      this.#scopes--;
      this.#deepest = Math.min(this.#deepest, this.#scopes);
      return pop();
    };
  }

  #forbid(name: Listening): void {
    const call = this.device[name].bind(this.device) as (...given: unknown[]) => void;
    Object.assign(this.device, {
      [name]: (...given: unknown[]) => {
        this.#told.push(`${name}(${given[0]})`);
        return call(...given);
      },
    });
  }

  /** What the neighbour makes for itself is not watched. */
  async aside<T>(work: () => Promise<T>): Promise<T> {
    const told = this.#told.length;
    const live = new Set(this.#live);
    try {
      return await work();
    } finally {
      this.#told.length = told;
      for (const buffer of this.#live) if (!live.has(buffer)) this.#live.delete(buffer);
    }
  }
}

function settingsOf(device: GPUDevice): unknown[] {
  return [device.onuncapturederror, device.label, device.queue.label];
}
