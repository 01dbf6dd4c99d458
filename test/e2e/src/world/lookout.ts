import { systemClock, withTimeout } from '@parley/kernel';

/** How long somebody waits, and what they say then. */
export interface Patience {
  readonly withinMs: number;
  tooLate(): Error;
}

/** Those who wait for something to be so: they look again whenever something happens. */
export class Lookout {
  readonly #looks = new Set<() => void>();

  /** Something has happened. */
  look(): void {
    for (const look of this.#looks) look();
  }

  /** What `read` finds, as soon as it finds something. Rejects with what `read` throws, and with `tooLate` when the time is over. */
  async until<T>(read: () => T | undefined, { withinMs, tooLate }: Patience): Promise<T> {
    let look = (): void => {};
    const found = new Promise<T>((resolve, reject) => {
      look = () => {
        try {
          const value = read();
          if (value !== undefined) resolve(value);
        } catch (error) {
          reject(error);
        }
      };
    });
    this.#looks.add(look);
    look();
    try {
      return await withTimeout(systemClock, withinMs, found, tooLate);
    } finally {
      this.#looks.delete(look);
    }
  }
}
