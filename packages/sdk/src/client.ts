import type { ConversationFilterInit, GroupAttributeInit } from '@parley/wire';
import type { ClientParts } from './client-parts.js';
import { type ClientOptions, CoreClient } from './core-client.js';
import { fullVocabulary } from './codec/full-vocabulary.js';
import {
  Conversation,
  type FullConversationDeps,
  type MessagePage,
  type SearchQuery,
  searchMessages,
} from './conversation/conversation.js';
import { type ConversationItem, conversationItemOf } from './conversation/conversation-item.js';
import { Cursors } from './conversation/cursors.js';
import { Typing } from './conversation/typing.js';
import { ConversationList } from './live/conversation-list.js';
import { Unsent } from './live/unsent.js';
import type { LocalStore } from './local-store/local-store.js';
import { keeperOf, liveDepsOf } from './local-store/keeper-of.js';
import type { StoreKeeper } from './local-store/store-keeper.js';
import type { StoreBounds } from './local-store/store-limits.js';
import type { HttpPort } from './media/http-port.js';
import { Media } from './media/media.js';
import { Group, type GroupMembersPage, type GroupOutcome } from './groups/group.js';
import {
  type GroupBehaviour,
  groupOptionsToWire,
  type GroupRequestInfo,
  groupRequestOf,
  type GroupView,
  groupViewOf,
} from './groups/group-details.js';
import { People } from './people/people.js';
import { ServerClock } from './server-clock.js';

/** Options of the full client. */
export interface FullClientOptions extends ClientOptions {
  /** Tells senders what has arrived: in conversations of two, and in groups of messages that want a receipt. True by default. */
  readonly deliveryReceipts?: boolean;
  /**
   * Keeps conversations, messages and unanswered sends over a restart, instead of `store` and `position`. It belongs to
   * one user, so `user` must be given. `catchUp` is `heads` then: what was long missed is loaded when it is looked at.
   */
  readonly localStore?: LocalStore;
  readonly storeLimits?: StoreBounds;
  /** How files travel; `XMLHttpRequest` or `fetch` by default. */
  readonly http?: HttpPort;
}

/** What a group begins with. */
export interface NewGroup {
  /** Without one the server chooses. */
  readonly id?: string;
  readonly name?: string;
  /** At most 100; the one who makes it is its owner. */
  readonly members?: readonly string[];
  readonly avatar?: string;
  readonly notice?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly options?: Partial<GroupBehaviour>;
}

/** A page of the user's conversations. */
export interface ConversationsPage {
  readonly conversations: readonly ConversationItem[];
  /** Of all conversations; of muted ones only what names the user aloud. */
  readonly totalUnread: number;
  readonly nextPage: string;
}

/** Makes a client. It is idle until `connect`; what is sent before is queued. */
export const createClient = (options: FullClientOptions): Client => new Client(options);

/** The core, with everything that users do besides sending messages. */
export class Client extends CoreClient {
  /** Profiles, friends, blocked users. */
  readonly people: People;
  /** The user's conversations, kept up to date. */
  readonly conversations: ConversationList;
  /** Files that go with messages. */
  readonly media: Media;
  readonly #full: FullConversationDeps;
  readonly #keeper: StoreKeeper | undefined;

  constructor(options: FullClientOptions) {
    const keeper = keeperOf(options);
    super(keeper === undefined ? options : { catchUp: 'heads', ...options, store: keeper.outbox }, fullVocabulary);
    const clock = new ServerClock(this.parts.clock);
    const parts = { ...this.parts, clock };
    parts.steps.on('online', ({ serverTimeMs }) => clock.learn(serverTimeMs));
    const unsent = new Unsent(parts);
    this.conversations = new ConversationList(parts, (conversation, seq) => cursors.again(conversation, seq));
    this.#keeper = keeper;
    // Before anything else of it is told: the store may turn out to be somebody else's.
    keeper?.attach({ parts, list: this.conversations, unsent, close: () => this.close() });
    const cursors = new Cursors(parts, { tellsDelivery: options.deliveryReceipts ?? true });
    this.media = new Media({ parts, ...(keeper && { memory: keeper.uploads }), ...(options.http && { http: options.http }) });
    const live = liveDepsOf({ parts, unsent, list: this.conversations, keeper });
    const files = { parts, unsent, media: this.media };
    this.#full = { parts, base: this.conversationDeps, cursors, typing: new Typing(parts), live, files };
    this.people = new People(parts);
  }

  /** What a local store has kept is there when it begins to connect. */
  override connect(): Promise<string> {
    if (this.#keeper === undefined) return super.connect();
    const connected = this.#keeper.ready.then(() => super.connect());
    connected.catch(() => {});
    return connected;
  }

  /**
   * Ends the session on the server, then closes; the local store may be opened again when it resolves. `clearStore`: nothing of the
   * user stays in it, unanswered sends included.
   */
  override async logout(options: { readonly clearStore?: boolean } = {}): Promise<void> {
    if (options.clearStore === true) this.#keeper?.clear();
    await super.logout();
    await this.#keeper?.ended;
  }

  /** For lists, stores and whatever else is built on a client; see DESIGN.md. */
  get internals(): ClientParts {
    return this.parts;
  }

  override conversation(id: string): Conversation {
    return new Conversation(id, this.#full);
  }

  override user(peer: string): Conversation {
    return this.conversation(super.user(peer).id);
  }

  override group(id: string): Group {
    return new Group(id, this.#full);
  }

  override room(id: string): Conversation {
    return this.conversation(`r:${id}`);
  }

  /** What the user has in front of them; undefined: nothing. See `Conversation.look`. */
  look(conversation: string | undefined): void {
    this.#full.typing.look(conversation);
  }

  /** The user's conversations, newest first, pinned ones before. */
  async queryConversations(filter: ConversationFilterInit & { page?: string; limit?: number } = {}): Promise<ConversationsPage> {
    const { page, limit, ...conditions } = filter;
    const body = { type: 'queryConversations', value: { filter: conditions, page, limit } } as const;
    const answer = await this.parts.requests.call({ body, expect: 'conversations', isRepeatable: true });
    const conversations = answer.conversations.map((head) => conversationItemOf(head, this.parts.decoder));
    return { conversations, totalUnread: answer.totalUnread, nextPage: answer.nextPage };
  }

  /** Short for `conversations.readAll`. */
  readAll(): Promise<void> {
    return this.conversations.readAll();
  }

  /** In all conversations of the user. */
  search(text: string, query: SearchQuery = {}): Promise<MessagePage> {
    return searchMessages(this.parts, { text }, query);
  }

  /** Throws GROUP_EXISTS when there is a group of that id. */
  async createGroup(group: NewGroup = {}): Promise<GroupView> {
    const { id, name, members, avatar, notice, options, attributes = {} } = group;
    const pairs: GroupAttributeInit[] = Object.entries(attributes).map(([key, value]) => ({ key, value }));
    const value = { group: id, name, members, avatar, notice, options: options && groupOptionsToWire(options), attributes: pairs };
    return groupViewOf(await this.parts.requests.call({ body: { type: 'createGroup', value }, expect: 'group' }));
  }

  /** Groups as their members see them, at most 100 at a time; those that the user is not in are left out. */
  async groups(groups: readonly string[]): Promise<readonly GroupView[]> {
    const found = await this.parts.requests.call({ body: { type: 'getGroups', value: { groups } }, expect: 'groups', isRepeatable: true });
    return found.groups.map(groupViewOf);
  }

  /** What waits and is about this user, newest first, at most 100: invitations to answer, and own wishes to join. See `Group.answer`. */
  async groupRequests(): Promise<readonly GroupRequestInfo[]> {
    const body = { type: 'listGroupRequests', value: {} } as const;
    const { requests } = await this.parts.requests.call({ body, expect: 'groupRequests', isRepeatable: true });
    return requests.map(groupRequestOf);
  }

  /** Short for `group(id).join`. */
  joinGroup(group: string, text?: string): Promise<GroupOutcome> {
    return this.group(group).join(text);
  }

  /** Short for `group(id).invite`. */
  inviteToGroup(group: string, users: readonly string[]): Promise<GroupOutcome> {
    return this.group(group).invite(users);
  }

  /** Short for `group(id).leave`. */
  leaveGroup(group: string): Promise<void> {
    return this.group(group).leave();
  }

  /** Short for `group(id).dismiss`. */
  dismissGroup(group: string): Promise<void> {
    return this.group(group).dismiss();
  }

  /** Short for `group(id).members`. */
  listGroupMembers(group: string, options: { page?: string; limit?: number } = {}): Promise<GroupMembersPage> {
    return this.group(group).members(options);
  }
}
