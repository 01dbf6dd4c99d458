import { applyEdit, evictedBy, foldEviction, foldForViewer, foldPins, isVisible, laterState, targetsOf } from '@parley/fold';
import { systemClock } from '@parley/kernel';
import { type Content, type ConversationEvent, decodeContent, type MessageState, type Pin } from '@parley/wire';
import type { Actor } from './actor.js';

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

interface Held {
  readonly event: ConversationEvent;
  readonly state: MessageState | undefined;
}

/**
 * What a device knows of its conversations: the fold of what its client was told, and of nothing else. Must be made before
 * the client connects.
 */
export class DeviceView {
  readonly actor: Actor;
  readonly #messages = new Map<string, Map<number, Held>>();
  readonly #pins = new Map<string, readonly Pin[]>();

  constructor(actor: Actor) {
    this.actor = actor;
    actor.client.internals.steps.on('told', ({ source, state }) => {
      if (source.seq > 0) this.#take(source, state);
      if (source.body?.type === 'hidden') for (const seq of source.body.value.seqs) this.#messagesOf(source.conversation).delete(seq);
    });
  }

  /** Messages that there is something to see of, in the order of seq. */
  messagesIn(conversation: string): readonly SeenMessage[] {
    const seen: SeenMessage[] = [];
    for (const held of this.#messagesOf(conversation).values()) {
      const message = seenMessage(held.event, held.state, this.actor.user);
      if (message !== undefined) seen.push(message);
    }
    return seen.sort((a, b) => a.seq - b.seq);
  }

  message(conversation: string, seq: number): SeenMessage | undefined {
    return this.messagesIn(conversation).find((message) => message.seq === seq);
  }

  /** Seqs of the messages that stand out, newest pin first. */
  pinsIn(conversation: string): readonly number[] {
    return (this.#pins.get(conversation) ?? []).map(({ seq }) => seq);
  }

  #take(source: ConversationEvent, state: MessageState | undefined): void {
    const { conversation, seq } = source;
    const messages = this.#messagesOf(conversation);
    if (source.body?.type === 'content' || source.body === undefined) {
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
    const state = foldForViewer(held.state, source, { seq, viewer: this.actor.user });
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

/** Undefined where this viewer sees nothing. */
export function seenMessage(event: ConversationEvent, state: MessageState | undefined, viewer: string): SeenMessage | undefined {
  if (event.body?.type !== 'content' || !isVisible(state, viewer, systemClock.now())) return undefined;
  return {
    seq: event.seq,
    sender: event.sender,
    words: wordsOf(decodeContent(event.body.value)),
    isEdited: (state?.editSeq ?? 0) > 0,
    reactions: (state?.reactions ?? []).map(({ reaction, count, recent }) => `${reaction} ${count} ${recent.join()}`),
    ownReactions: [...(state?.ownReactions ?? [])].sort(),
    replies: state?.replyCount ?? 0,
    isPinned: (state?.pinnedMs ?? 0) > 0,
  };
}

function wordsOf({ kind }: Content): string {
  if (kind?.type === 'text') return kind.value.text;
  return kind?.type === 'custom' ? kind.value.summary : `<${kind?.type ?? ''}>`;
}
