import type { ParleyClientError } from './client-error.js';
import { Emitter, type Off } from './emitter.js';
import type { PendingSend } from './outbox-store.js';

/** `queued`: waits. `sent`: on its way. `stored`: durable, has its place. `failed`: will not appear unless retried. */
export type SendState = 'queued' | 'sent' | 'stored' | 'failed';

/** The place that a message got. */
export interface StoredMessage {
  /** 0 for commands and bullets, which are not stored, and for acts that change nothing or take no place. */
  readonly seq: number;
  readonly messageId: string;
  readonly timeMs: number;
}

/** The fate of one send, or of one act. */
export interface SendHandle {
  /** What is sent, as the outbox keeps it. */
  readonly request: PendingSend;
  readonly conversation: string;
  readonly clientMsgId: string;
  readonly state: SendState;
  /** Known once stored. */
  readonly seq: number | undefined;
  readonly messageId: string | undefined;
  readonly error: ParleyClientError | undefined;
  /** Resolves once stored; rejects with a ParleyClientError once failed. Never an unhandled rejection. */
  readonly done: Promise<StoredMessage>;
  onChange(listener: (handle: SendHandle) => void): Off;
  /** Puts a failed send back into the outbox under its old id; does nothing in any other state. */
  retry(): void;
}

/** The outbox's side of a handle. */
export class SendTracker implements SendHandle {
  readonly request: PendingSend;
  readonly #changes = new Emitter<{ change: SendHandle }>();
  readonly #requeue: () => void;
  #state: SendState = 'queued';
  #stored: StoredMessage | undefined;
  #error: ParleyClientError | undefined;
  #done: Promise<StoredMessage>;
  #settle: { resolve(stored: StoredMessage): void; reject(error: ParleyClientError): void };

  constructor(request: PendingSend, requeue: () => void) {
    this.request = request;
    this.#requeue = requeue;
    [this.#done, this.#settle] = deferred<StoredMessage>();
  }

  get conversation(): string {
    return this.request.conversation;
  }

  get clientMsgId(): string {
    return this.request.clientMsgId;
  }

  get state(): SendState {
    return this.#state;
  }

  get seq(): number | undefined {
    return this.#stored?.seq;
  }

  get messageId(): string | undefined {
    return this.#stored?.messageId;
  }

  get error(): ParleyClientError | undefined {
    return this.#error;
  }

  get done(): Promise<StoredMessage> {
    return this.#done;
  }

  onChange(listener: (handle: SendHandle) => void): Off {
    return this.#changes.on('change', listener);
  }

  retry(): void {
    if (this.#state !== 'failed') return;
    [this.#done, this.#settle] = deferred<StoredMessage>();
    this.#error = undefined;
    this.#requeue();
  }

  /** False when that was the state already. */
  move(state: 'queued' | 'sent'): boolean {
    if (this.#state === state) return false;
    this.#state = state;
    this.#changes.emit('change', this);
    return true;
  }

  succeed(stored: StoredMessage): void {
    this.#state = 'stored';
    this.#stored = stored;
    this.#settle.resolve(stored);
    this.#changes.emit('change', this);
  }

  fail(error: ParleyClientError): void {
    this.#state = 'failed';
    this.#error = error;
    this.#settle.reject(error);
    this.#changes.emit('change', this);
  }
}

type Settle<T> = { resolve(value: T): void; reject(error: ParleyClientError): void };

function deferred<T>(): [Promise<T>, Settle<T>] {
  let settle: Settle<T> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Who only looks at `state` must not be punished with an unhandled rejection.
  promise.catch(() => {});
  return [promise, settle as Settle<T>];
}
