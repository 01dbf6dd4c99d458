import type { LiveEntry, LiveMessages, Message } from '@parley/sdk';
import { type Actor, textOf } from './actor.js';
import { listOn, type SeenList } from './server-view.js';

/** A message as somebody sees it; seqs that show nothing have none. */
export interface SeenMessage {
  readonly seq: number;
  readonly sender: string;
  /** Text of a text, summary of what the application made; the kind of anything else. */
  readonly words: string;
  readonly isEdited: boolean;
  /** `<reaction> <count> <who of them was last>`, in the order in which they first came. */
  readonly reactions: readonly string[];
  readonly ownReactions: readonly string[];
  readonly replies: number;
  readonly isPinned: boolean;
}

/**
 * What a device has on its screen: the list of conversations, and the messages of each of which it has heard, as the SDK keeps
 * them up to date.
 */
export class DeviceView {
  #actor: Actor;
  readonly #live = new Map<string, LiveMessages>();

  /** To be made before the client connects, so that nothing is on the screen before it happens. */
  constructor(actor: Actor) {
    this.#actor = actor;
    this.follow(actor);
  }

  /** The client that the device runs now. */
  get actor(): Actor {
    return this.#actor;
  }

  /** The device is on again, with another client. */
  follow(actor: Actor): void {
    for (const live of this.#live.values()) live.close();
    this.#live.clear();
    this.#actor = actor;
    actor.client.on('event', ({ conversation, seq }) => {
      if (seq > 0) this.#liveIn(conversation);
    });
    actor.client.on('conversation', ({ conversation }) => void this.#liveIn(conversation));
  }

  /** Messages that there is something to see of, in the order of seq; those that were loaded. */
  messagesIn(conversation: string): readonly SeenMessage[] {
    return this.#liveIn(conversation).getSnapshot().entries.filter(isMessage).map(seenMessage);
  }

  /** The same with everything that there is of the conversation. */
  async allIn(conversation: string): Promise<readonly SeenMessage[]> {
    const live = this.#liveIn(conversation);
    while (live.getSnapshot().hasOlder) await live.loadOlder();
    return this.messagesIn(conversation);
  }

  message(conversation: string, seq: number): SeenMessage | undefined {
    return this.messagesIn(conversation).find((message) => message.seq === seq);
  }

  /** Seqs of the messages that stand out, newest pin first. */
  pinsIn(conversation: string): readonly number[] {
    return this.#liveIn(conversation)
      .getSnapshot()
      .pins.map(({ seq }) => seq);
  }

  /** The list with hidden ones. */
  get list(): SeenList {
    return listOn(this.#actor);
  }

  #liveIn(conversation: string): LiveMessages {
    const known = this.#live.get(conversation);
    if (known !== undefined) return known;
    const live = this.#actor.client.conversation(conversation).live({ pageSize: 100, heldMax: 100_000 });
    this.#live.set(conversation, live);
    return live;
  }
}

const isMessage = (entry: LiveEntry): entry is Message => entry.type === 'message' && entry.seq > 0;

function seenMessage(message: Message): SeenMessage {
  const { seq, sender, details } = message;
  const { reactions = [], replyCount = 0 } = details ?? {};
  return {
    ...{ seq, sender, words: textOf(message), replies: replyCount },
    isEdited: details?.edited !== undefined,
    reactions: reactions.map(({ reaction, count, recent }) => `${reaction} ${count} ${recent.join()}`),
    ownReactions: reactions.flatMap(({ reaction, isOwn }) => (isOwn ? [reaction] : [])).sort(),
    isPinned: details?.pinned !== undefined,
  };
}
