/** A device on which allocations fail, submits are lost, or that is lost itself, at a call that the test names. */

/** Of buffers with these usages there are none: what is created is an error, and so is all that uses it. */
const NO_BUFFER = 0x1 | 0x80;

export class FaultyDevice {
  /** To be lent: calls pass through to the real one, which outlives it. */
  readonly device: GPUDevice;
  /** Created and not destroyed, with the destructor of each. */
  readonly live = new Map<GPUBuffer, () => void>();
  /** Of createBuffer, submits that hold something, and mapAsync. */
  calls = 0;
  /** The labels of the buffers that were asked for. */
  allocations: string[] = [];
  emptySubmits = 0;
  /** Reads that wait. */
  pending = 0;
  /** Called behind each call that counts. */
  onCall: ((call: number) => void) | null = null;
  /** The allocation, from 1, for which there is no memory. */
  failing = 0;
  /** Whether submits come to nothing, without an error. */
  dropping = false;
  /** Whether reads stay unanswered until their buffer is destroyed. */
  hanging = false;
  readonly #real: GPUDevice;
  readonly #scopes: { readonly filter: GPUErrorFilter; failed: boolean }[] = [];
  readonly #lost: Promise<GPUDeviceLostInfo>;
  #tellLoss!: (info: GPUDeviceLostInfo) => void;
  #isLost = false;

  constructor(real: GPUDevice) {
    this.#real = real;
    this.#lost = new Promise((resolve) => {
      this.#tellLoss = resolve;
    });
    const queue = overlaid(real.queue, {
      submit: (buffers: GPUCommandBuffer[]) => this.#submit(buffers),
    });
    this.device = overlaid(real, {
      lost: this.#lost,
      queue,
      createBuffer: (descriptor: GPUBufferDescriptor) => this.#createBuffer(descriptor),
      pushErrorScope: (filter: GPUErrorFilter) => {
        this.#scopes.push({ filter, failed: false });
        real.pushErrorScope(filter);
      },
      popErrorScope: () => this.#popErrorScope(),
    });
  }

  /** Reads fail at once, and the news comes a little later, as it does. */
  lose(): void {
    this.#isLost = true;
    for (const destroy of this.live.values()) destroy();
    setTimeout(() => this.#tellLoss({ message: 'by the test', reason: 'unknown' } as GPUDeviceLostInfo), 2);
  }

  #count(): void {
    this.calls++;
    this.onCall?.(this.calls);
  }

  #submit(buffers: GPUCommandBuffer[]): void {
    if (buffers.length === 0) this.emptySubmits++;
    else this.#count();
    if (!this.dropping) this.#real.queue.submit(buffers);
  }

  #createBuffer(descriptor: GPUBufferDescriptor): GPUBuffer {
    this.#count();
    this.allocations.push(descriptor.label ?? '');
    if (this.allocations.length === this.failing) {
      const scope = [...this.#scopes].reverse().find(({ filter }) => filter === 'out-of-memory');
      if (scope === undefined) throw new Error(`no scope round the allocation of ${descriptor.label}`);
      scope.failed = true;
      this.#real.pushErrorScope('validation');
      const buffer = this.#real.createBuffer({ ...descriptor, usage: NO_BUFFER });
      void this.#real.popErrorScope();
      return buffer;
    }
    const buffer = this.#real.createBuffer(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    this.live.set(buffer, destroy);
    let giveUp = () => {};
    buffer.destroy = () => {
      this.live.delete(buffer);
      destroy();
      giveUp();
    };
    const mapAsync = buffer.mapAsync.bind(buffer);
    buffer.mapAsync = async (mode) => {
      this.#count();
      this.pending++;
      try {
        if (this.#isLost) throw new DOMException('the device is lost', 'AbortError');
        if (!this.hanging) return await mapAsync(mode);
        return await new Promise<undefined>((_, reject) => {
          giveUp = () => reject(new DOMException('the buffer was destroyed', 'AbortError'));
        });
      } finally {
        this.pending--;
      }
    };
    return buffer;
  }

  async #popErrorScope(): Promise<GPUError | null> {
    const scope = this.#scopes.pop();
    const error = await this.#real.popErrorScope();
    // A lost device has nothing more to say.
    if (this.#isLost) return null;
    return scope?.failed ? { message: 'no memory, says the test' } : error;
  }
}

/** The object, with some members replaced. */
function overlaid<T extends object>(target: T, members: Record<string, unknown>): T {
  return new Proxy(target, {
    get(real, name) {
      if (typeof name === 'string' && Object.hasOwn(members, name)) return members[name];
      const value = Reflect.get(real, name, real) as unknown;
      return typeof value === 'function' ? value.bind(real) : value;
    },
  });
}
