/** Lets pieces of work with the same key run one behind the other. */
export class Serial {
  readonly #last = new Map<string, Promise<void>>();
  /** Of each key the newest work that gives way. */
  readonly #yielding = new Map<string, AbortController>();

  /** What gives way to other work with this key is asked to. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    this.#yielding.get(key)?.abort();
    const before = this.#last.get(key) ?? Promise.resolve();
    const { promise: done, resolve } = deferred();
    const mine = before.then(() => done);
    this.#last.set(key, mine);
    await before;
    try {
      return await work();
    } finally {
      resolve();
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }

  /** Work that may take long, and ends early when its signal is aborted: as soon as other work with the same key comes. */
  async runYielding<T>(key: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const yields = new AbortController();
    const running = this.run(key, () => work(yields.signal));
    this.#yielding.set(key, yields);
    try {
      return await running;
    } finally {
      if (this.#yielding.get(key) === yields) this.#yielding.delete(key);
    }
  }
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
