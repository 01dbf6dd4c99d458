/**
 * Makes message ids for one owner of one partition: time (9 characters of base 36), a counter within the
 * millisecond (4), the partition and the owner's fence. They sort by time and are never made twice, because
 * the time handed in never goes back and a fence belongs to one owner.
 */
export class MessageIds {
  readonly #suffix: string;
  #prefix = '';
  #timeMs = -1;
  #counter = 0;

  constructor(partition: number, fence: number) {
    this.#suffix = `-${partition.toString(36)}-${fence.toString(36)}`;
  }

  next(timeMs: number): string {
    if (timeMs !== this.#timeMs) {
      this.#timeMs = timeMs;
      this.#counter = 0;
      this.#prefix = timeMs.toString(36).padStart(9, '0');
    }
    return this.#prefix + (this.#counter++).toString(36).padStart(4, '0') + this.#suffix;
  }
}
