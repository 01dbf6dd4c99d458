import type { MessageOptionsInit } from '@parley/wire';

/** A send that has not been answered, in a form that can be written down. */
export interface PendingSend {
  readonly conversation: string;
  readonly clientMsgId: string;
  /** 1 (low) to 3 (high). */
  readonly priority: number;
  /** Encoded parley.event.v1.Content; of an act, parley.event.v1.Act. */
  readonly content: Uint8Array;
  /** Something that is done to messages or to a conversation, instead of a message. */
  readonly isAct?: boolean;
  /** What goes with the message; plain JSON. */
  readonly options?: MessageOptionsInit;
  /** The message goes so long after it was stored. */
  readonly expiresAfterMs?: number;
  /** When it was sent, by this device's clock; milliseconds since 1970 (UTC). */
  readonly timeMs?: number;
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
