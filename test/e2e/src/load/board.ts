import { applyEdit, evictedBy, foldEviction, foldMessage, foldPins, isVisible, laterState, targetsOf } from '@parley/fold';
import { systemClock } from '@parley/kernel';
import type { SeenMessage } from '@parley/testkit';
import { type ConversationEvent, type Content, decodeContent, type MessageState, type Pin } from '@parley/wire';
import type { Actor } from '../world/actor.js';

interface Held {
  readonly event: ConversationEvent;
  readonly state: MessageState | undefined;
}

/** What a device can know of its conversations: the fold of what its client was told from the beginning, and of nothing else. */
export class Board {
  readonly #user: string;
  readonly #messages = new Map<string, Map<number, Held>>();
  readonly #pins = new Map<string, readonly Pin[]>();

  constructor({ user, client }: Actor) {
    this.#user = user;
    client.internals.steps.on('told', ({ source, state }) => {
      if (source.seq > 0) this.#take(source, state);
    });
    client.on('historyReset', () => {
      this.#messages.clear();
      this.#pins.clear();
    });
  }

  /** Every message that was handed out, by seq. */
  messagesIn(conversation: string): ReadonlyMap<number, SeenMessage> {
    return new Map([...this.#messagesOf(conversation)].map(([seq, held]) => [seq, seenMessage(held, this.#user)]));
  }

  #take(source: ConversationEvent, state: MessageState | undefined): void {
    const { conversation, seq, body } = source;
    const messages = this.#messagesOf(conversation);
    if (body?.type === 'content' || body === undefined) {
      messages.set(seq, { event: kept(source), state: laterState(messages.get(seq)?.state, state) });
    }
    for (const target of targetsOf(source)) this.#touch(target, source);
    const pins = this.#pins.get(conversation) ?? [];
    const evicted = evictedBy(pins, source);
    const held = evicted === undefined ? undefined : messages.get(evicted);
    if (held !== undefined) messages.set(held.event.seq, { ...held, state: foldEviction(held.state, held.event.seq, source) });
    this.#pins.set(conversation, foldPins(pins, source));
  }

  #touch(seq: number, source: ConversationEvent): void {
    const messages = this.#messagesOf(source.conversation);
    const held = messages.get(seq);
    if (held === undefined) return;
    const state = foldMessage(held.state, seq, source);
    const isNewer = state !== held.state && state.editSeq === source.seq;
    const event = isNewer && source.body?.type === 'edited' ? applyEdit(held.event, source.body.value.content.slice()) : held.event;
    messages.set(seq, { event, state });
  }

  #messagesOf(conversation: string): Map<number, Held> {
    const known = this.#messages.get(conversation);
    if (known !== undefined) return known;
    const messages = new Map<number, Held>();
    this.#messages.set(conversation, messages);
    return messages;
  }
}

/** Bytes are views into the frame that brought them. */
function kept(event: ConversationEvent): ConversationEvent {
  const { body } = event;
  return body?.type === 'content' ? { ...event, body: { type: 'content', value: body.value.slice() } } : event;
}

function seenMessage({ event, state }: Held, viewer: string): SeenMessage {
  const isThere = event.body?.type === 'content' && isVisible(state, viewer, systemClock.now());
  return {
    text: isThere && event.body?.type === 'content' ? wordsOf(decodeContent(event.body.value)) : '',
    isRemoved: !isThere,
    reactions: new Map((state?.reactions ?? []).map(({ reaction, count }) => [reaction, count])),
    isPinned: (state?.pinnedMs ?? 0) > 0,
  };
}

function wordsOf({ kind }: Content): string {
  if (kind?.type === 'text') return kind.value.text;
  return kind?.type === 'custom' ? kind.value.summary : `<${kind?.type ?? ''}>`;
}
