/** A send that has not been answered, in a form that can be written down. */
export interface PendingSend {
  readonly conversation: string;
  readonly clientMsgId: string;
  /** 1 (low) to 3 (high). */
  readonly priority: number;
  /** Encoded parley.event.v1.Content. */
  readonly content: Uint8Array;
  /** A command or bullet: worth nothing later, so it is neither kept over a restart nor repeated. */
  readonly isTransient?: boolean;
}

/**
 * Where unanswered sends are kept, so that they survive a restart of the application. One store belongs to one
 * user. A send is written to the network only after `put` has resolved.
 */
export interface OutboxStore {
  /** What is left from earlier, oldest first. */
  load(): readonly PendingSend[] | Promise<readonly PendingSend[]>;
  put(send: PendingSend): void | Promise<void>;
  remove(clientMsgId: string): void | Promise<void>;
}

/** Keeps nothing beyond the process. */
export const memoryOutboxStore = (): OutboxStore => ({ load: () => [], put: () => {}, remove: () => {} });
