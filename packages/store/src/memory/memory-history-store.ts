import { type Clock, type Random, randomId } from '@parley/kernel';
import type { HistoryBatch, HistoryCheckpoint, HistoryStore, PageRequest, UserConversation } from '../history-store.js';
import { pageOfTexts, sliceEvents } from '../merge-pages.js';
import { isReplay } from '../replay.js';
import { ConversationRows } from './conversation-rows.js';
import { NestedMap } from './nested-map.js';
import { SendDays } from './send-days.js';

export interface MemoryHistoryStoreOptions {
  readonly clock: Clock;
  readonly random: Random;
}

/** A history that lives as long as the process: for tests, and for deployments that may forget. */
export function createMemoryHistoryStore({ clock, random }: MemoryHistoryStoreOptions): HistoryStore {
  const epoch = randomId(random);
  const checkpoints = new Map<number, HistoryCheckpoint>();
  const conversations = new NestedMap<ConversationRows>();
  const memberships = new NestedMap<Set<string>>();
  const sends = new SendDays(clock);

  const rowsOf = (app: string, conversation: string): ConversationRows =>
    conversations.getOrAdd(app, conversation, () => new ConversationRows());

  function add(batch: HistoryBatch): void {
    for (const row of batch.events) rowsOf(row.app, row.conversation).addEvent(row);
    for (const row of batch.conversations) rowsOf(row.app, row.conversation).setConversation(row);
    for (const row of batch.emptied) rowsOf(row.app, row.conversation).emptyMembers();
    for (const row of batch.members) rowsOf(row.app, row.conversation).setMember(row);
    for (const row of batch.sends) sends.add(row);
    for (const row of batch.memberships) {
      memberships.getOrAdd(row.app, row.user, () => new Set()).add(row.conversation);
    }
    for (const row of batch.departures) depart(row);
  }

  function depart({ app, user, conversation }: UserConversation): void {
    const held = memberships.get(app, user);
    if (held?.delete(conversation) === true && held.size === 0) memberships.delete(app, user);
  }

  return {
    epoch: async () => epoch,
    checkpoint: async (partition) => checkpoints.get(partition),
    checkpoints: async () => new Map(checkpoints),
    apply: async (partition, batch) => {
      if (isReplay(checkpoints.get(partition), batch)) return;
      add(batch);
      checkpoints.set(partition, batch.checkpoint);
    },
    conversation: async (app, conversation) => conversations.get(app, conversation)?.conversation,
    events: async (app, conversation, range) => sliceEvents(conversations.get(app, conversation)?.events ?? [], range),
    findSend: async (app, conversation, sender, clientMsgId) => sends.find(app, conversation, sender, clientMsgId),
    member: async (app, conversation, user) => conversations.get(app, conversation)?.member(user),
    membersAmong: async (app, conversation, users) => {
      const rows = conversations.get(app, conversation);
      return users.map((user) => rows?.member(user)).filter((row) => row !== undefined);
    },
    members: async (app, conversation, page) => conversations.get(app, conversation)?.members(page) ?? [],
    conversationsOf: async (app: string, user: string, page: PageRequest) => pageOfTexts(memberships.get(app, user) ?? [], page),
    [Symbol.asyncDispose]: async () => {},
  };
}
