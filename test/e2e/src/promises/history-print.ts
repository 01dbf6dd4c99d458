import type { BackEnd } from '../world/back-end.js';

export interface PrintScope {
  readonly conversations: readonly string[];
  readonly users: readonly string[];
}

/** Everything that history says of some conversations and users, to compare with what it says another time. */
export interface HistoryPrint {
  /** What a fingerprint covers, by conversation. */
  readonly fingerprints: Readonly<Record<string, unknown>>;
  /** By user: the list for sync, the list as it is shown, friends, blocked users, requests and the profile. */
  readonly lists: Readonly<Record<string, unknown>>;
}

const kinds = ['RELATION_KIND_FRIENDS', 'RELATION_KIND_BLOCKED', 'RELATION_KIND_REQUESTS'] as const;

/** Waits (bounded) until everything is projected that the log holds now; throws when history is not that far in time. */
export async function takePrint(backEnd: BackEnd, { conversations, users }: PrintScope): Promise<HistoryPrint> {
  const lists: Record<string, unknown> = {};
  for (const user of users) lists[user] = await listsOf(backEnd, user);
  const fingerprints: Record<string, unknown> = {};
  for (const conversation of conversations) {
    fingerprints[conversation] = await backEnd.call('history/getFingerprint', { conversation });
  }
  return { fingerprints, lists };
}

async function listsOf(backEnd: BackEnd, user: string): Promise<unknown> {
  const { epoch: _, asOfMs: __, ...sync } = await backEnd.call('history/listConversations', { user, isCurrent: true });
  const { epoch: ___, ...shown } = await backEnd.call('history/queryConversations', { user, filter: { withHidden: true } });
  const relations: unknown[] = [];
  for (const kind of kinds) relations.push(await backEnd.call('history/listRelations', { user, kind, isCurrent: true }));
  const profiles = await backEnd.call('history/getProfiles', { users: [user], isCurrent: true });
  return { sync, shown, relations, profiles };
}
