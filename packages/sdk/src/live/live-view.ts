import { Emitter, type Off } from '../emitter.js';

/**
 * Something that changes and can be looked at. `subscribe` and `getSnapshot` are what `useSyncExternalStore` of React takes; other
 * frameworks have the like. What changes in one go is told once, just after it.
 */
export abstract class LiveView<Snapshot> {
  readonly #watchers = new Emitter<{ change: undefined }>();
  #made: Snapshot | undefined;
  #isTelling = false;
  #isOver = false;

  /** Calls the listener after every change, until the returned function is called. */
  readonly subscribe = (listener: () => void): Off => this.#watchers.on('change', listener);

  /** How things stand: the same object until something has changed. */
  readonly getSnapshot = (): Snapshot => {
    this.#made ??= this.make();
    return this.#made;
  };

  protected abstract make(): Snapshot;

  /** The next snapshot is another one. */
  protected changed(): void {
    this.#made = undefined;
    if (this.#isTelling || this.#isOver) return;
    this.#isTelling = true;
    void Promise.resolve().then(() => {
      this.#isTelling = false;
      if (!this.#isOver) this.#watchers.emit('change', undefined);
    });
  }

  /** Nothing is told any more. */
  protected end(): void {
    this.#isOver = true;
  }
}
