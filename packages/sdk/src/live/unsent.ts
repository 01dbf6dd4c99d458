import { decodeAs, encodeAs, messageOptionsSchema } from '@parley/wire';
import type { ParleyClientError } from '../client-error.js';
import { contentFromBytes, type MessageContent } from '../content.js';
import { Emitter } from '../emitter.js';
import type { ClientParts } from '../client-parts.js';
import { extrasOf, type MessageExtras } from '../message-options.js';
import type { SendHandle } from '../send-handle.js';
import { liveLimits } from './live-limits.js';

/** An own message that has no place yet. */
export interface UnsentMessage extends MessageExtras {
  readonly type: 'unsent';
  readonly conversation: string;
  readonly clientMsgId: string;
  readonly state: 'queued' | 'sent' | 'failed';
  readonly content: MessageContent;
  /** When it was sent, by this device's clock; milliseconds since 1970 (UTC). */
  readonly timeMs: number;
  /** Why it has failed. */
  readonly error?: ParleyClientError;
  /** Of its file: from 0 to 1. */
  readonly progress?: number;
  /** Sends a failed message again. */
  retry(): void;
  /** Puts a failed message away; one whose file is on its way is given up. */
  discard(): void;
}

/** A handle whose message is sent once something else is done, such as an upload. */
export interface PreparedSend extends SendHandle {
  /** From 0 to 1. */
  readonly progress: number;
  /** Gives it up. */
  cancel(): void;
}

interface Entry {
  readonly handle: SendHandle;
  readonly timeMs: number;
  shown: UnsentMessage | undefined;
}

/** Own messages and acts without an answer, and messages that have failed, by conversation; oldest first. */
export class Unsent {
  /** Tells in which conversation something has changed. */
  readonly changes = new Emitter<{ change: string }>();
  readonly #parts: ClientParts;
  readonly #entries = new Map<string, Entry>();

  constructor(parts: ClientParts) {
    this.#parts = parts;
    parts.events.on('send', (handle) => this.#observe(handle));
  }

  /** What the outbox has brought from an earlier run. */
  reload(): void {
    for (const handle of this.#parts.outbox.pending) this.#observe(handle);
  }

  /** Shows a message whose file is on its way. It stands for the handle of the same id that the outbox will make. */
  prepare(handle: PreparedSend): void {
    this.#entries.set(handle.clientMsgId, { handle, timeMs: this.#parts.clock.now(), shown: undefined });
    handle.onChange(() => this.#observe(handle));
    this.changes.emit('change', handle.conversation);
  }

  messages(conversation: string): readonly UnsentMessage[] {
    const found: UnsentMessage[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.handle.conversation !== conversation || entry.handle.request.isAct === true) continue;
      entry.shown ??= this.#show(entry);
      found.push(entry.shown);
    }
    return found;
  }

  /** Acts whose event has not come. */
  acts(conversation: string): readonly SendHandle[] {
    const handles = [...this.#entries.values()].map(({ handle }) => handle);
    const acts = handles.filter((handle) => handle.conversation === conversation && handle.request.isAct === true);
    return acts.filter((handle) => {
      if (!this.#isSeen(handle)) return true;
      this.#entries.delete(handle.clientMsgId);
      return false;
    });
  }

  #observe(handle: SendHandle): void {
    const { clientMsgId, conversation, request, state } = handle;
    const entry = this.#entries.get(clientMsgId);
    if (entry !== undefined && isPrepared(entry.handle) && entry.handle !== handle) return;
    const isDone = request.isAct === true ? state === 'failed' || this.#isSeen(handle) : state === 'stored';
    if (request.isTransient === true || isDone || handle.error?.name === 'CANCELLED') {
      if (!this.#entries.delete(clientMsgId)) return;
    } else {
      const timeMs = entry?.timeMs ?? request.timeMs ?? this.#parts.clock.now();
      this.#entries.set(clientMsgId, { handle, timeMs, shown: undefined });
      if (state === 'failed') this.#forgetOldFailures();
    }
    this.changes.emit('change', conversation);
  }

  /** The answer to an act may come before its event; until then the act must not vanish. */
  #isSeen({ state, seq, conversation }: SendHandle): boolean {
    return state === 'stored' && this.#parts.timeline.lastSeq(conversation) >= (seq ?? 0);
  }

  #forgetOldFailures(): void {
    const failed = [...this.#entries.values()].filter(({ handle }) => handle.state === 'failed');
    for (const { handle } of failed.slice(0, Math.max(0, failed.length - liveLimits.failedMax))) this.#entries.delete(handle.clientMsgId);
  }

  #show({ handle, timeMs }: Entry): UnsentMessage {
    const { conversation, clientMsgId, request, error } = handle;
    const options = request.options && decodeAs(messageOptionsSchema, encodeAs(messageOptionsSchema, request.options));
    return {
      ...{ type: 'unsent', conversation, clientMsgId, timeMs, content: contentFromBytes(request.content) },
      state: handle.state === 'sent' || handle.state === 'failed' ? handle.state : 'queued',
      ...extrasOf(options),
      ...(error !== undefined && { error }),
      ...(isPrepared(handle) && { progress: handle.progress }),
      retry: () => handle.retry(),
      discard: () => this.#discard(handle),
    };
  }

  #discard(handle: SendHandle): void {
    if (isPrepared(handle)) handle.cancel();
    if (handle.state !== 'failed' || !this.#entries.delete(handle.clientMsgId)) return;
    this.changes.emit('change', handle.conversation);
  }
}

const isPrepared = (handle: SendHandle): handle is PreparedSend => 'progress' in handle;
