import { randomId, type Random } from '@parley/kernel';
import { ParleyClientError } from './client-error.js';
import { contentToBytes, type MessageContentInit, priorityNumber, type SendPriority } from './content.js';
import { fetchHistory, type History, type HistoryOptions, HistoryPages, type HistorySource } from './history-pages.js';
import { type MessageExtrasInit, optionsToWire } from './message-options.js';
import type { Outbox } from './outbox.js';
import { serverLimits } from './server-limits.js';
import type { SendHandle } from './send-handle.js';

/** How a message is sent, and what goes with it. */
export interface SendOptions extends MessageExtrasInit {
  /** `medium` by default, `low` for bullets. */
  readonly priority?: SendPriority;
  /** Chosen by the SDK by default; the same id never makes two messages. At most 64 bytes. */
  readonly clientMsgId?: string;
}

export interface ConversationDeps {
  readonly outbox: Outbox;
  readonly history: HistorySource;
  readonly random: Random;
}

/** One conversation: 1:1, group or room. Cheap to make; holds no state of its own. */
export class ConversationHandle {
  readonly id: string;
  protected readonly deps: ConversationDeps;

  constructor(id: string, deps: ConversationDeps) {
    this.id = id;
    this.deps = deps;
  }

  /**
   * Puts a message into the outbox, online or not. Never throws: what is wrong with it is told by the handle. Commands
   * and bullets are written once: what is refused or lost fails, with `error.retryAfterMs` where the server named a time.
   */
  send(content: string | MessageContentInit, options: SendOptions = {}): SendHandle {
    const full: MessageContentInit = typeof content === 'string' ? { type: 'text', text: content } : content;
    const bytes = contentToBytes(full);
    // A frame that is too long would cost the connection, so it must not get that far.
    const invalid =
      bytes.length > serverLimits.contentBytesMax
        ? ParleyClientError.of('MESSAGE_TOO_LARGE', `content of ${bytes.length} bytes, ${serverLimits.contentBytesMax} at most`)
        : undefined;
    const extras = optionsToWire(options);
    const { expiresAfterMs } = options;
    const send = {
      conversation: this.id,
      clientMsgId: options.clientMsgId ?? randomId(this.deps.random, 24),
      priority: priorityNumber(options.priority, full),
      content: bytes,
      isTransient: full.type === 'command' || full.type === 'bullet',
      ...(extras && { options: extras }),
      ...(expiresAfterMs !== undefined && { expiresAfterMs }),
    };
    return this.deps.outbox.add(send, invalid);
  }

  /** One page, newest first by default. Throws a ParleyClientError. */
  history(options: HistoryOptions = {}): Promise<History> {
    return fetchHistory(this.deps.history, this.id, options);
  }

  /** All pages: `for await (const page of conversation.pages())`. */
  pages(options: HistoryOptions = {}): HistoryPages {
    return new HistoryPages(this.deps.history, this.id, options);
  }
}
