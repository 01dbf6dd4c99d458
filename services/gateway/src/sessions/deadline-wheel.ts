/**
 * Visits items when they are due, with one timer for all of them (the caller's). A turn touches only the
 * items of the slots that have passed. Due times further away than the wheel reaches are visited early;
 * the visit answers when to come again, or undefined to let the item go.
 */
export class DeadlineWheel<T> {
  readonly #slotMs: number;
  readonly #slots: T[][];
  #turnedTo: number;

  constructor(options: { readonly slotMs: number; readonly slots: number; readonly nowMs: number }) {
    this.#slotMs = options.slotMs;
    this.#slots = Array.from({ length: options.slots }, () => []);
    this.#turnedTo = Math.floor(options.nowMs / options.slotMs);
  }

  add(item: T, dueMs: number): void {
    const wanted = Math.ceil(dueMs / this.#slotMs);
    const tick = Math.min(Math.max(wanted, this.#turnedTo + 1), this.#turnedTo + this.#slots.length);
    this.#slots[tick % this.#slots.length]?.push(item);
  }

  /** Visits everything that is due. After a long pause every slot is visited once. */
  turn(nowMs: number, visit: (item: T) => number | undefined): void {
    const target = Math.floor(nowMs / this.#slotMs);
    const first = Math.max(this.#turnedTo + 1, target - this.#slots.length + 1);
    for (let tick = first; tick <= target; tick++) {
      this.#turnedTo = tick;
      const index = tick % this.#slots.length;
      const items = this.#slots[index] ?? [];
      if (items.length === 0) continue;
      this.#slots[index] = [];
      for (const item of items) {
        const dueMs = visit(item);
        if (dueMs !== undefined) this.add(item, dueMs);
      }
    }
    this.#turnedTo = Math.max(this.#turnedTo, target);
  }
}
