import type { GroupService } from '@parley/contracts/group';
import {
  type Conversation,
  createFilterMembersResponse,
  createListConversationsResponse,
  createQueryHistoryResponse,
  type FilterMembersRequestInit,
  type HistoryService,
  type ListConversationsRequestInit,
  type QueryHistoryRequestInit,
} from '@parley/contracts/history';
import { ParleyError } from '@parley/kernel';
import type { ServiceClient } from '@parley/rpc';

const unexpected = async (): Promise<never> => {
  throw new ParleyError('UNSUPPORTED');
};

/** History with settable conversations. `gate` holds answers back until the test lets them go. */
export class FakeHistory implements ServiceClient<typeof HistoryService> {
  readonly conversations = new Map<string, Conversation[]>();
  members: readonly string[] = [];
  headSeq = 0;
  readonly lists: ListConversationsRequestInit[] = [];
  readonly filters: FilterMembersRequestInit[] = [];
  readonly queries: QueryHistoryRequestInit[] = [];
  gate: Promise<void> = Promise.resolve();
  failure: ParleyError | undefined;
  readonly getConversation = unexpected;
  readonly findSend = unexpected;
  readonly getCheckpoint = unexpected;
  readonly #waiters = new Set<() => void>();

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
    const conversations = this.conversations.get(request.user ?? '') ?? [];
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
    return createQueryHistoryResponse({ events: [], headSeq: 9, firstSeq: 1, epoch: 'epoch-1' });
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

const group = (id: string | undefined) => ({ group: id ?? '', name: 'n', owner: 'alice', memberCount: 2, version: 1 });

export const fakeGroup = (): ServiceClient<typeof GroupService> => ({
  createGroup: async (request) => ({ group: group(request.group) }),
  joinGroup: async (request) => ({ group: group(request.group) }),
  inviteToGroup: async (request) => ({ group: group(request.group) }),
  getGroup: async (request) => ({ group: group(request.group) }),
  leaveGroup: async () => ({}),
  dismissGroup: async () => {
    throw new ParleyError('PERMISSION_DENIED');
  },
  listMembers: async () => ({ users: ['alice', 'bob'], nextPage: '', memberCount: 2 }),
});
