import type { Setting } from '@parley/wire';
import type { ClientParts } from '../client-parts.js';
import type { SendHandle } from '../send-handle.js';
import { act } from './acts.js';

type Change = NonNullable<Setting['change']>;

/** For good; see `ConversationSettings.mute`. */
const forGood = Number.MAX_SAFE_INTEGER;

/** The own view of a conversation: others never learn of it, the user's other devices do (`conversationChanged`). */
export class ConversationSettings {
  readonly #parts: ClientParts;
  readonly #conversation: string;

  constructor(parts: ClientParts, conversation: string) {
    this.#parts = parts;
    this.#conversation = conversation;
  }

  /** To the top of the list. */
  pin(isPinned = true): SendHandle {
    return this.#change({ type: 'pinned', value: { isOn: isPinned } });
  }

  unpin(): SendHandle {
    return this.pin(false);
  }

  /** Neither notified nor counted in the total, for so long; without a duration for good. */
  mute(durationMs?: number): SendHandle {
    return this.#change({ type: 'muted', value: { untilMs: durationMs === undefined ? forGood : this.#parts.clock.now() + durationMs } });
  }

  unmute(): SendHandle {
    return this.#change({ type: 'muted', value: { untilMs: 0 } });
  }

  /** Replaces all marks: at most 20 numbers from 1 to 30. */
  mark(marks: readonly number[]): SendHandle {
    return this.#change({ type: 'marks', value: { marks } });
  }

  /** Shown as unread although everything is read; ends with the next reading. */
  markUnread(isUnread = true): SendHandle {
    // What was read before must be told before.
    if (isUnread) this.#parts.steps.emit('flush', undefined);
    return this.#change({ type: 'markedUnread', value: { isOn: isUnread } });
  }

  /** Text that is being written, on all devices; empty: none. */
  draft(text: string): SendHandle {
    return this.#change({ type: 'draft', value: { text } });
  }

  /** Out of the list until something new is said. */
  hide(isHidden = true): SendHandle {
    return this.#change({ type: 'hidden', value: { isOn: isHidden } });
  }

  /** Clears the own history up to this seq, for good; without one all that this client knows of. */
  clear(seq = this.#parts.timeline.knownHead(this.#conversation)): SendHandle {
    return this.#change({ type: 'cleared', value: { seq } });
  }

  /** Own name for the conversation; empty: none. */
  alias(text: string): SendHandle {
    return this.#change({ type: 'alias', value: { text } });
  }

  #change(change: Change): SendHandle {
    return act(this.#parts, this.#conversation, { type: 'settings', value: { changes: [{ change }] } });
  }
}
