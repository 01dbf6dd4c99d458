import type { MessageList, MessageSearchInit, ReactionOfUser, Reader, ReceiptCount } from '@parley/wire';
import { ParleyClientError } from '../client-error.js';
import type { ClientParts } from '../client-parts.js';
import { contentToBytes, type MessageContentInit } from '../content.js';
import { type ConversationDeps, ConversationHandle, type SendOptions } from '../conversation-handle.js';
import type { Message, TimelineEvent } from '../events.js';
import { type History, historyOf, rethrow } from '../history-pages.js';
import { type LiveDeps, LiveMessages, type LiveMessagesOptions } from '../live/live-messages.js';
import { LiveThread } from '../live/live-thread.js';
import type { FileInput } from '../media/file-source.js';
import type { FileOptions } from '../media/media.js';
import { type FileDeps, filesToShare, sendFile, sendWithFiles } from '../media/send-file.js';
import type { PreparedSend } from '../live/unsent.js';
import type { Mentions } from '../message-options.js';
import type { SendHandle } from '../send-handle.js';
import { type ActKindInit, act } from './acts.js';
import { type ConversationItem, conversationItemOf } from './conversation-item.js';
import type { Cursors } from './cursors.js';
import { Export } from './export.js';
import { combine, forwardOf } from './forward.js';
import { ConversationSettings } from './settings.js';
import type { Typing } from './typing.js';

/** What handles of the full client are made of. */
export interface FullConversationDeps {
  readonly parts: ClientParts;
  readonly base: ConversationDeps;
  readonly cursors: Cursors;
  readonly typing: Typing;
  readonly live: LiveDeps;
  readonly files: FileDeps;
}

/** Messages of a conversation. */
export interface MessagePage {
  readonly messages: readonly TimelineEvent[];
  readonly hasMore: boolean;
  /** For the next search; empty at the end. */
  readonly nextPage: string;
}

export interface ReplyQuery {
  /** Answers behind this seq; the first ones by default. */
  readonly after?: number;
  readonly limit?: number;
}

export interface SearchQuery {
  readonly sender?: string;
  /** Kinds of content such as `text` or `file`; all by default. */
  readonly kinds?: readonly string[];
  /** Milliseconds since 1970 (UTC). */
  readonly fromMs?: number;
  readonly untilMs?: number;
  readonly page?: string;
  readonly limit?: number;
}

/**
 * One conversation: 1:1, group or room, and what is done in it. Cheap to make; holds no state of its own. What answers
 * with a handle goes through the outbox: it never throws, is repeated until it is answered, and counts once. Questions
 * answer with promises that reject with a ParleyClientError.
 */
export class Conversation extends ConversationHandle {
  /** The own view of the conversation: pinned, muted, marked, drafts, … */
  readonly settings: ConversationSettings;
  readonly #full: FullConversationDeps;

  constructor(id: string, deps: FullConversationDeps) {
    super(id, deps.base);
    this.#full = deps;
    this.settings = new ConversationSettings(deps.parts, id);
  }

  /** Answers a message: its seq, or the message itself, then its thread is known at once. */
  reply(to: number | Message, content: string | MessageContentInit, options: SendOptions = {}): SendHandle {
    return this.send(content, { ...options, replyTo: to });
  }

  /** Sends a file: brings it to the server first, and shows in live collections how far it has come. */
  sendFile(input: FileInput, options: FileOptions & SendOptions = {}): PreparedSend {
    return sendFile(this.#full.files, this.id, { input, options });
  }

  /**
   * Sends on what was said elsewhere, with its files; several messages become one, `combined` with a title. Throws INVALID_ARGUMENT
   * for content of a kind that this version does not know.
   */
  forward(messages: Message | readonly Message[], options: SendOptions & { title?: string } = {}): SendHandle {
    const { title, ...rest } = options;
    const { content, ...forwarded } =
      'seq' in messages ? forwardOf(messages) : { content: combine(messages, title === undefined ? {} : { title }) };
    const how: SendOptions = { ...forwarded, ...rest };
    const files = filesToShare('seq' in messages ? [messages] : messages, this.id);
    return files.length === 0 ? this.send(content, how) : sendWithFiles(this.#full.files, this.id, { content, options: how, files });
  }

  /** Own messages, within 24 hours by default. Kind and options stay; `mentions` replaces those of the message. */
  edit(seq: number, content: string | MessageContentInit, options: { readonly mentions?: Partial<Mentions> } = {}): SendHandle {
    const full: MessageContentInit = typeof content === 'string' ? { type: 'text', text: content } : content;
    const { mentions } = options;
    return this.#act({ type: 'edit', value: { seq, content: contentToBytes(full), mentions, isRemention: mentions !== undefined } });
  }

  /** Own messages within 120 seconds, by default; owner and admins of a group, owner and moderators of a room any. */
  recall(seq: number, reason = ''): SendHandle {
    return this.#act({ type: 'recall', value: { seq, reason } });
  }

  /** For everybody: owner and admins of a group, owner and moderators of a room. At most 100. */
  delete(seqs: number | readonly number[]): SendHandle {
    return this.#act({ type: 'delete', value: { seqs: listOf(seqs) } });
  }

  react(seq: number, reaction: string): SendHandle {
    return this.#act({ type: 'react', value: { seq, reaction } });
  }

  unreact(seq: number, reaction: string): SendHandle {
    return this.#act({ type: 'react', value: { seq, reaction, isRemoved: true } });
  }

  /** Makes a message stand out for everybody; the 11th evicts the oldest. `settings.pin` is about the list. */
  pin(seq: number): SendHandle {
    return this.#act({ type: 'pin', value: { seq } });
  }

  unpin(seq: number): SendHandle {
    return this.#act({ type: 'pin', value: { seq, isRemoved: true } });
  }

  /** From now on messages go so long after they were sent, 1 minute to 365 days; 0: they stay. Conversations of two. */
  setDestroyAfter(durationMs: number): SendHandle {
    return this.#act({ type: 'rules', value: { destroyAfterMs: durationMs } });
  }

  /** Deletes messages for the user alone. At most 100. */
  hide(seqs: number | readonly number[]): SendHandle {
    return this.#act({ type: 'hide', value: { seqs: listOf(seqs) } });
  }

  /** To the application's moderators. */
  report(seq: number, reason = ''): SendHandle {
    return this.#act({ type: 'report', value: { seq, reason } });
  }

  /**
   * Everything up to `seq` is read, by default all that this client was told: unread counts and marks end, on all devices,
   * and receipts follow. May be called as often as one likes.
   */
  markRead(seq?: number): void {
    const { cursors, parts } = this.#full;
    const upTo = seq ?? Math.max(parts.timeline.lastSeq(this.id), this.#knownHead);
    if (upTo > 0) cursors.read(this.id, upTo);
  }

  /** The user writes here; call it with every key. False: no more. It ends by itself after 6 seconds. */
  typing(isTyping = true): void {
    this.#full.typing.typing(this.id, isTyping);
  }

  /** The user has this conversation in front of them, and no other: from now on `typing` is told of it. */
  look(): void {
    this.#full.typing.look(this.id);
  }

  /** Its messages, kept up to date until `close`. */
  live(options?: LiveMessagesOptions): LiveMessages {
    return new LiveMessages(this.id, this.#full.live, options);
  }

  /** The answers in a thread, kept up to date until `close`; `root` began it. */
  liveThread(root: number, options: { readonly pageSize?: number } = {}): LiveThread {
    return new LiveThread(this.id, root, { ...this.#full.live, ...options });
  }

  /** The conversation as the user's list has it. */
  async item(): Promise<ConversationItem> {
    const value = { conversation: this.id, atLeastSeq: this.#knownHead };
    const { parts } = this.#full;
    const page = await parts.requests.call({ body: { type: 'getConversation', value }, expect: 'conversations', isRepeatable: true });
    const [head] = page.conversations;
    if (head === undefined) throw ParleyClientError.of('CONVERSATION_NOT_FOUND');
    return conversationItemOf(head, parts.decoder);
  }

  /** A page with as many events before `seq` as from it on, oldest first. */
  async around(seq: number, options: { readonly limit?: number } = {}): Promise<History> {
    const { history } = this.deps;
    return historyOf(history, await history.query({ conversation: this.id, fromSeq: seq, isAround: true, ...options }));
  }

  /** By their seqs, at most 100. Those that this user may not see are left out. */
  async messages(seqs: readonly number[]): Promise<readonly TimelineEvent[]> {
    const value = { conversation: this.id, seqs, atLeastSeq: Math.max(0, ...seqs) };
    return this.#messagesOf(await this.#list({ type: 'getMessages', value }));
  }

  /** The answers in a thread, oldest first; `root` began it. */
  async replies(root: number, { after, limit }: ReplyQuery = {}): Promise<MessagePage> {
    const value = { conversation: this.id, rootSeq: root, afterSeq: after, limit, atLeastSeq: this.#knownHead };
    return this.#pageOf(await this.#list({ type: 'listReplies', value }));
  }

  /** Messages that stand out, newest pin first. */
  async pins(): Promise<readonly TimelineEvent[]> {
    return this.#messagesOf(await this.#list({ type: 'listPins', value: { conversation: this.id, atLeastSeq: this.#knownHead } }));
  }

  /** Who has reacted, with one reaction or any. */
  async reactions(
    seq: number,
    query: { reaction?: string; page?: string; limit?: number } = {},
  ): Promise<{ readonly reactions: readonly ReactionOfUser[]; readonly nextPage: string }> {
    const body = { type: 'listReactions', value: { conversation: this.id, seq, ...query } } as const;
    return this.#full.parts.requests.call({ body, expect: 'reactions', isRepeatable: true });
  }

  /** How many have read, and got, own messages; at most 100. */
  async receipts(seqs: readonly number[]): Promise<readonly ReceiptCount[]> {
    const body = { type: 'getReceipts', value: { conversation: this.id, seqs } } as const;
    return (await this.#full.parts.requests.call({ body, expect: 'receipts', isRepeatable: true })).receipts;
  }

  /** Who has read an own message, or has not. */
  async readers(
    seq: number,
    query: { isUnread?: boolean; page?: string; limit?: number } = {},
  ): Promise<{ readonly readers: readonly Reader[]; readonly nextPage: string }> {
    const body = { type: 'listReaders', value: { conversation: this.id, seq, ...query } } as const;
    return this.#full.parts.requests.call({ body, expect: 'readers', isRepeatable: true });
  }

  /** Messages with all these words, newest first; the last word may be a beginning. */
  async search(text: string, query: SearchQuery = {}): Promise<MessagePage> {
    return searchMessages(this.#full.parts, { text, conversation: this.id }, query);
  }

  /** Everything that the user may see, oldest first, as plain data. */
  export(options: { readonly from?: number } = {}): Export {
    return new Export(this.pages({ backwards: false, limit: 100, ...options }));
  }

  /** Answers must not be older than what this client has heard of. */
  get #knownHead(): number {
    return this.#full.parts.timeline.knownHead(this.id);
  }

  #act(kind: ActKindInit): SendHandle {
    return act(this.#full.parts, this.id, kind);
  }

  #list(body: Extract<Parameters<ClientParts['requests']['call']>[0]['body'], { type: 'getMessages' | 'listReplies' | 'listPins' }>) {
    return this.#full.parts.requests.call({ body, expect: 'messageList', isRepeatable: true });
  }

  #messagesOf(list: MessageList): readonly TimelineEvent[] {
    return messagesOf(this.#full.parts, list);
  }

  #pageOf(list: MessageList): MessagePage {
    return pageOf(this.#full.parts, list);
  }
}

/** In one conversation, or in all of the user's. */
export async function searchMessages(parts: ClientParts, what: MessageSearchInit, query: SearchQuery): Promise<MessagePage> {
  const { page, limit, ...conditions } = query;
  const body = { type: 'searchMessages', value: { search: { ...what, ...conditions }, page, limit } } as const;
  return pageOf(parts, await parts.requests.call({ body, expect: 'messageList', isRepeatable: true }));
}

const messagesOf = ({ decoder }: ClientParts, list: MessageList): readonly TimelineEvent[] =>
  decoder.decodePage(list, rethrow).map(({ event }) => event);

const pageOf = (parts: ClientParts, list: MessageList): MessagePage => {
  return { messages: messagesOf(parts, list), hasMore: list.hasMore, nextPage: list.nextPage };
};

const listOf = (seqs: number | readonly number[]): readonly number[] => (typeof seqs === 'number' ? [seqs] : seqs);
