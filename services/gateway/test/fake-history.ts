import {
  createFilterMembersResponse,
  createGetConversationSummaryResponse,
  createGetMessagesResponse,
  createGetReceiptsResponse,
  createGetRelationsResponse,
  createListConversationsResponse,
  createListPinsResponse,
  createListReactionsResponse,
  createListReadersResponse,
  createListRepliesResponse,
  createQueryConversationsResponse,
  createQueryHistoryResponse,
  createSearchMessagesResponse,
  type FilterMembersRequestInit,
  type HistoryService,
  type ListConversationsRequestInit,
  type QueryHistoryRequestInit,
} from '@parley/contracts/history';
import type { ParleyError } from '@parley/kernel';
import type { ServiceClient } from '@parley/rpc';
import type { ConversationHeadInit } from '@parley/wire';
import { Calls, unexpected } from './calls.js';

type Client = ServiceClient<typeof HistoryService>;

/** History with settable conversations. `gate` holds answers back until the test lets them go. */
export class FakeHistory implements Client {
  readonly conversations = new Map<string, ConversationHeadInit[]>();
  /** Pages of the list as it is shown. */
  unreadPages: readonly (readonly ConversationHeadInit[])[] = [];
  members: readonly string[] = [];
  headSeq = 0;
  readonly lists: ListConversationsRequestInit[] = [];
  readonly filters: FilterMembersRequestInit[] = [];
  readonly queries: QueryHistoryRequestInit[] = [];
  gate: Promise<void> = Promise.resolve();
  failure: ParleyError | undefined;
  /** What the queries below were asked. */
  readonly calls = new Calls<keyof Client>();
  readonly getConversation = unexpected;
  readonly findSend = unexpected;
  readonly getCheckpoint = unexpected;
  readonly getTarget = unexpected;
  readonly getProfiles = unexpected;
  readonly listRelations = unexpected;
  /** Users who block everybody. */
  readonly blockers = new Set<string>();
  readonly getRelations: Client['getRelations'] = async ({ others = [] }) =>
    createGetRelationsResponse({ relations: others.map((other) => ({ view: { other }, isBlockedBy: this.blockers.has(other) })) });
  readonly listReports = unexpected;
  readonly listUserMessages = unexpected;
  readonly rebuild = unexpected;
  readonly getFingerprint = unexpected;

  readonly getMessages: Client['getMessages'] = async (request) => {
    await this.calls.note('getMessages', request);
    return createGetMessagesResponse({ events: [Uint8Array.of(16, 3)], states: [{ seq: 3, version: 4 }], headSeq: 9 });
  };
  readonly listReplies: Client['listReplies'] = async (request) => {
    await this.calls.note('listReplies', request);
    return createListRepliesResponse({ events: [Uint8Array.of(16, 4)], hasMore: true, headSeq: 9 });
  };
  readonly listReactions: Client['listReactions'] = async (request) => {
    await this.calls.note('listReactions', request);
    return createListReactionsResponse({ reactions: [{ user: 'bob', reaction: '+1', timeMs: 5 }], nextPage: 'more' });
  };
  readonly listPins: Client['listPins'] = async (request) => {
    await this.calls.note('listPins', request);
    return createListPinsResponse({ pins: [{ seq: 3, pinnedBy: 'bob' }], events: [Uint8Array.of(16, 3)], headSeq: 9 });
  };
  readonly getReceipts: Client['getReceipts'] = async (request) => {
    await this.calls.note('getReceipts', request);
    return createGetReceiptsResponse({ receipts: [{ seq: 3, readCount: 1, memberCount: 2 }] });
  };
  readonly listReaders: Client['listReaders'] = async (request) => {
    await this.calls.note('listReaders', request);
    return createListReadersResponse({ readers: [{ user: 'bob', readMs: 7 }], nextPage: 'more' });
  };
  readonly searchMessages: Client['searchMessages'] = async (request) => {
    await this.calls.note('searchMessages', request);
    return createSearchMessagesResponse({ nextPage: 'more' });
  };
  readonly queryConversations: Client['queryConversations'] = async (request) => {
    await this.calls.note('queryConversations', request);
    const at = Number(request.page ?? '');
    const nextPage = at + 1 < this.unreadPages.length ? `${at + 1}` : '';
    return createQueryConversationsResponse({ conversations: this.unreadPages[at] ?? [], nextPage, totalUnread: 12 });
  };
  readonly getConversationSummary: Client['getConversationSummary'] = async (request) => {
    await this.calls.note('getConversationSummary', request);
    const conversation = this.conversations.get(request.user ?? '')?.find((head) => head.conversation === request.conversation);
    return createGetConversationSummaryResponse({ conversation });
  };

  readonly #waiters = new Set<() => void>();
  /** What pages of conversations hold, where a test wants another. */
  page: Uint8Array | undefined;

  join(user: string, conversation: string, headSeq = 5, firstSeq = 1): void {
    const entry = { conversation, headSeq, firstSeq, updatedMs: 1, isMember: true, memberSinceSeq: firstSeq };
    this.conversations.set(user, [...(this.conversations.get(user) ?? []), entry]);
  }

  leave(user: string, conversation: string): void {
    const rest = (this.conversations.get(user) ?? []).filter((entry) => entry.conversation !== conversation);
    this.conversations.set(user, rest);
  }

  readonly listConversations = async (request: ListConversationsRequestInit) => {
    this.lists.push(request);
    this.#changed();
    const all = this.conversations.get(request.user ?? '') ?? [];
    const changed = all.filter(({ updatedMs = 0 }) => updatedMs >= (request.changedSinceMs ?? 0));
    const conversations = request.isMembershipOnly === true ? changed.flatMap(membershipOf) : changed;
    await this.gate;
    if (this.failure !== undefined) throw this.failure;
    return createListConversationsResponse({ conversations, epoch: 'epoch-1', asOfMs: 1_000 });
  };

  readonly filterMembers = async (request: FilterMembersRequestInit) => {
    this.filters.push(request);
    this.#changed();
    const { members } = this;
    await this.gate;
    if (this.failure !== undefined) throw this.failure;
    return createFilterMembersResponse({ members, headSeq: this.headSeq });
  };

  readonly queryHistory = async (request: QueryHistoryRequestInit) => {
    this.queries.push(request);
    await this.gate;
    if (this.page !== undefined) return createQueryHistoryResponse({ events: [this.page] });
    return createQueryHistoryResponse({ states: [{ seq: 9, removal: 1 }], headSeq: 9, firstSeq: 1, epoch: 'epoch-1' });
  };

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        this.#waiters.delete(check);
        resolve();
      };
      this.#waiters.add(check);
      check();
    });
  }

  #changed(): void {
    for (const check of [...this.#waiters]) check();
  }
}

/** What is left of a conversation where only the memberships are asked for. */
const membershipOf = ({ conversation, headSeq, isMember, memberSinceSeq }: ConversationHeadInit): ConversationHeadInit[] =>
  isMember === true ? [{ conversation, headSeq, isMember, memberSinceSeq }] : [];
