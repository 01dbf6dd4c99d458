import { hiddenBySelf } from '@parley/fold';
import type { ClientParts } from '../client-parts.js';
import type { Told } from '../event-decoder.js';
import type { ConversationChanged } from '../events.js';
import { liveLimits } from './live-limits.js';

/**
 * What the user has lately deleted for themselves, or cleared. It has no seq that one could wait for, so an answer of history, which
 * is a little behind what is told, may not know of it yet.
 */
export class OwnView {
  readonly #parts: ClientParts;
  readonly #hidden = new Map<string, readonly number[]>();
  readonly #cleared = new Map<string, number>();

  constructor(parts: ClientParts) {
    this.#parts = parts;
    parts.steps.on('told', ({ event }) => {
      if (event.type === 'conversationChanged') this.#observe(event);
    });
    parts.events.on('historyReset', () => {
      this.#hidden.clear();
      this.#cleared.clear();
    });
  }

  /** The own history begins behind it, as far as this client was told. */
  clearedSeq(conversation: string): number {
    return this.#cleared.get(conversation) ?? 0;
  }

  /** Messages of an answer as the user sees them. */
  seen(conversation: string, answer: readonly Told[]): readonly Told[] {
    const hidden = this.#hidden.get(conversation);
    if (hidden === undefined) return answer;
    const isHidden = ({ seq, event }: Told): boolean => event.type === 'message' && hidden.includes(seq);
    return answer.map((told) => (isHidden(told) ? this.#parts.decoder.tell(hiddenBySelf(told.source)) : told));
  }

  #observe(event: ConversationChanged): void {
    const { conversation } = event;
    if (event.what === 'messagesHidden') {
      const hidden = [...(this.#hidden.get(conversation) ?? []), ...event.targets];
      this.#hidden.set(conversation, hidden.slice(-liveLimits.laterMax));
    }
    if (event.what === 'settings' && event.settings.clearedSeq !== undefined)
      this.#cleared.set(conversation, Math.max(this.clearedSeq(conversation), event.settings.clearedSeq));
  }
}
