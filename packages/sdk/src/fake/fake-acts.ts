import type { ErrorName } from '@parley/kernel';
import type { Act, ConversationCursor, ConversationEventInit, SendAct, ServerFrameInit } from '@parley/wire';
import { changedSettings, type FakeConversation, type FakeConversations } from './fake-conversations.js';
import type { ManualClock } from './manual-clock.js';

type Body = NonNullable<ServerFrameInit['body']>;
type Kind = NonNullable<Act['kind']>;
type Doing = Pick<ConversationEventInit, 'body' | 'clientMsgId'>;

export interface FakeActsOptions {
  readonly clock: ManualClock;
  readonly conversations: FakeConversations;
  refuse(name: ErrorName): Body;
  /** Stores an event and tells it to everybody. */
  append(user: string, conversation: string, event: Doing): { seq: number; messageId: string; timeMs: number };
  /** Tells users something that is not stored. */
  notify(conversation: string, event: ConversationEventInit, users: Iterable<string>): void;
  /** Tells who looks at the conversation. */
  notifyLookers(conversation: string, event: ConversationEventInit): void;
}

/** What is done to messages and conversations, with simple rules: own messages are edited and recalled, the rest is free. */
export class FakeActs {
  readonly #options: FakeActsOptions;
  readonly #done = new Map<string, Body>();

  constructor(options: FakeActsOptions) {
    this.#options = options;
  }

  act(user: string, { conversation: id, clientMsgId, act }: SendAct): Body | undefined {
    const { conversations, refuse } = this.#options;
    const conversation = conversations.of(id);
    if (!conversation.members.has(user)) return refuse('CONVERSATION_NOT_FOUND');
    if (act?.kind === undefined) return refuse('INVALID_ARGUMENT');
    const key = `${user}/${id}/${clientMsgId}`;
    const known = clientMsgId === '' ? undefined : this.#done.get(key);
    const body = known ?? this.#perform(user, conversation, { kind: act.kind, clientMsgId });
    if (clientMsgId !== '' && body.type === 'stored') this.#done.set(key, body);
    return body;
  }

  moveCursors(user: string, cursors: readonly ConversationCursor[]): void {
    const { conversations, clock, notify } = this.#options;
    for (const { conversation: id, readSeq, deliveredSeq } of cursors) {
      const conversation = conversations.of(id);
      const view = conversations.viewOf(conversation, user);
      const before = { ...view };
      const { isMarkedUnread } = view.settings;
      view.readSeq = Math.max(view.readSeq, Math.min(readSeq, conversation.events.length));
      view.deliveredSeq = Math.max(view.deliveredSeq, Math.min(deliveredSeq, conversation.events.length), view.readSeq);
      const isMoved = view.readSeq !== before.readSeq || view.deliveredSeq !== before.deliveredSeq;
      if (!isMoved && !isMarkedUnread) continue;
      view.changedMs = clock.now();
      if (readSeq > 0) view.settings = { ...view.settings, isMarkedUnread: false };
      const told = id.startsWith('u:') ? conversation.members : [user];
      // What only arrives does not end a mark.
      const value = { user, readSeq: readSeq === 0 && isMarkedUnread ? 0 : view.readSeq, deliveredSeq: view.deliveredSeq };
      notify(id, { sender: user, body: { type: 'cursor', value } }, told);
    }
  }

  #perform(user: string, conversation: FakeConversation, { kind, clientMsgId }: { kind: Kind; clientMsgId: string }): Body {
    const { append, refuse } = this.#options;
    const target = 'seq' in kind.value ? conversation.events[kind.value.seq - 1] : undefined;
    if ('seq' in kind.value && target?.body?.type !== 'content') return refuse('MESSAGE_NOT_FOUND');
    const isForeign = (kind.type === 'edit' || kind.type === 'recall') && target?.sender !== user;
    if (isForeign) return refuse('PERMISSION_DENIED');
    const body = orderedBody(kind);
    if (body === undefined) return this.#change(user, conversation, kind);
    const reacted = conversation.states
      .get(target?.seq ?? 0)
      ?.reactions.find((known) => kind.type === 'react' && known.reaction === kind.value.reaction);
    const isNothing = kind.type === 'react' && (reacted?.recent.includes(user) ?? false) !== kind.value.isRemoved;
    if (isNothing) return { type: 'stored', value: { seq: 0, timeMs: this.#options.clock.now() } };
    return { type: 'stored', value: append(user, conversation.id, { clientMsgId, body }) };
  }

  /** What takes no place in the order. */
  #change(user: string, conversation: FakeConversation, kind: Kind): Body {
    const { conversations, clock, notify, notifyLookers } = this.#options;
    const view = conversations.viewOf(conversation, user);
    const now = { timeMs: clock.now(), headSeq: conversation.events.length };
    if (kind.type === 'settings' || kind.type === 'hide') view.changedMs = now.timeMs;
    if (kind.type === 'settings') {
      for (const change of kind.value.changes) view.settings = changedSettings(view.settings, change, now);
      const value = { user, changes: kind.value.changes, headSeq: now.headSeq };
      notify(conversation.id, { sender: user, body: { type: 'settings', value } }, [user]);
    }
    if (kind.type === 'hide') {
      for (const seq of kind.value.seqs) view.hidden.add(seq);
      view.hiddenMs = now.timeMs;
      notify(conversation.id, { sender: user, body: { type: 'hidden', value: { user, seqs: kind.value.seqs } } }, [user]);
    }
    if (kind.type === 'typing') notifyLookers(conversation.id, { sender: user, body: { type: 'typing', value: kind.value } });
    return { type: 'stored', value: { seq: 0, timeMs: now.timeMs } };
  }
}

/** The event of an act that takes a place. */
function orderedBody(kind: Kind): ConversationEventInit['body'] {
  switch (kind.type) {
    case 'edit':
      return { type: 'edited', value: kind.value };
    case 'recall':
      return { type: 'recalled', value: kind.value };
    case 'delete':
      return { type: 'deleted', value: kind.value };
    case 'react':
      return { type: 'reaction', value: kind.value };
    case 'pin':
      return { type: 'pin', value: kind.value };
    case 'rules':
      return { type: 'rules', value: kind.value };
    default:
      return undefined;
  }
}
