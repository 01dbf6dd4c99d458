import { BoundedQueue, type ParleyError } from '@parley/kernel';

interface Waiting<T> {
  resolve(result: IteratorResult<T>): void;
  reject(error: ParleyError): void;
}

export interface InboxOptions {
  /** Messages held at most; `push` refuses what exceeds it. */
  readonly capacity: number;
  /** `onLow` is called whenever reading brings the number of messages down to this. */
  readonly low: number;
  readonly onLow: () => void;
}

/** Messages of a stream on their way to one reader. What came before the end can be read after it. */
export class Inbox<T> implements AsyncIterable<T> {
  readonly #queue: BoundedQueue<T>;
  readonly #options: InboxOptions;
  #waiting: Waiting<T> | undefined;
  #end: 'open' | 'ended' | ParleyError = 'open';

  constructor(options: InboxOptions) {
    this.#options = options;
    this.#queue = new BoundedQueue(options.capacity);
  }

  get size(): number {
    return this.#queue.size;
  }

  get isOpen(): boolean {
    return this.#end === 'open';
  }

  /** False when the inbox is full; the message is lost then. After the end messages are dropped. */
  push(message: T): boolean {
    if (this.#end !== 'open') return true;
    const waiting = this.#waiting;
    if (waiting === undefined) return this.#queue.push(message);
    this.#waiting = undefined;
    waiting.resolve({ done: false, value: message });
    return true;
  }

  /** No more messages: the reader ends, or throws the error, behind those that are there. First call counts. */
  end(error?: ParleyError): void {
    if (this.#end !== 'open') return;
    this.#end = error ?? 'ended';
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (error === undefined) waiting?.resolve({ done: true, value: undefined });
    else waiting?.reject(error);
  }

  /** Like `end`, and throws away what was not read. */
  abandon(error?: ParleyError): void {
    this.#queue.clear();
    this.end(error);
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    return { next: () => this.#next() };
  }

  #next(): Promise<IteratorResult<T>> {
    if (this.#queue.size > 0) {
      const value = this.#queue.shift() as T;
      if (this.#queue.size === this.#options.low) this.#options.onLow();
      return Promise.resolve({ done: false, value });
    }
    if (this.#end === 'ended') return Promise.resolve({ done: true, value: undefined });
    if (this.#end !== 'open') return Promise.reject(this.#end);
    if (this.#waiting !== undefined) return Promise.reject(new Error('a stream has one reader at a time'));
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }
}
