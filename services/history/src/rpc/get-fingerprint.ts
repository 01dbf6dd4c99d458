import { createHash, type Hash } from 'node:crypto';
import type { GetFingerprintRequest, GetFingerprintResponseInit } from '@parley/contracts/history';
import { createConversationDetails, decodeMemberState, encodeConversationDetails, encodeMemberState } from '@parley/contracts/history-rows';
import { encodeMessageState } from '@parley/wire';
import { historyLimits } from '../limits.js';
import { behind, hiddenSpace, memberStateKey } from '../rows/detail-keys.js';
import type { HeldConversation } from '../rows/held-conversation.js';
import { boundsOf } from '../view/entitlement.js';
import { present } from '../view/present.js';
import { readPage } from '../view/read-page.js';
import { checkFields } from './fields.js';
import { type QueryDeps, seenBy } from './query-deps.js';

/**
 * A hash of everything that a conversation holds: what a back end may read of it, and what each user has of it. Two
 * histories of one timeline answer the same, whatever they are stored in and however the timeline was cut into batches;
 * jobs that take out what was erased must have come to their end in both.
 */
export async function getFingerprint(deps: QueryDeps, request: GetFingerprintRequest): Promise<GetFingerprintResponseInit> {
  const { app, conversation } = request;
  checkFields({ app, conversation });
  const seen = await seenBy(deps, { ...request, viewer: '' });
  const hash = createHash('sha256');
  const { firstSeq, headSeq } = boundsOf(seen.entitlement);
  for (let fromSeq = firstSeq; fromSeq <= headSeq; ) {
    const range = { entitlement: seen.entitlement, fromSeq, backwards: false, limit: historyLimits.exportPage };
    const { events } = await readPage(deps, seen.held, range);
    for (const { event, state } of await present(deps, seen, events)) {
      add(hash, event);
      if (state !== undefined) add(hash, encodeMessageState(state));
    }
    const last = events.at(-1)?.seq;
    if (last === undefined) break;
    fromSeq = last + 1;
  }
  addConversation(hash, seen.held);
  for await (const user of usersOf(deps, seen.held)) await addUser(deps, hash, { app, conversation, user });
  return { hash: hash.digest('hex'), headSeq };
}

/** What is known of the conversation, without how far rows have come and what follows from retention. */
function addConversation(hash: Hash, { row, details }: HeldConversation): void {
  const { headSeq, countable, membershipVersion, closed, historyAccess, speaking } = row;
  add(hash, [headSeq, countable, membershipVersion, closed, historyAccess].join(' '));
  add(hash, speaking);
  const { lastSeq, lastMs, memberCount, rules, relation, cursors, profile, pins, everyone } = details;
  const erased = details.erased.map(({ user, seq, timeMs }) => ({ user, seq, timeMs }));
  add(
    hash,
    encodeConversationDetails(
      createConversationDetails({ lastSeq, lastMs, memberCount, rules, relation, cursors, profile, erased, pins, everyone }),
    ),
  );
}

async function addUser(
  { store }: QueryDeps,
  hash: Hash,
  { app, conversation, user }: { app: string; conversation: string; user: string },
): Promise<void> {
  add(hash, user);
  const member = await store.member(app, conversation, user);
  add(hash, JSON.stringify(member?.spans ?? []));
  const value = await store.detail(memberStateKey(app, user, conversation));
  if (value === undefined) return;
  const state = decodeMemberState(value);
  add(hash, encodeMemberState({ ...state, asOf: 0 }));
  if (!state.hasHidden) return;
  const space = hiddenSpace(user, conversation);
  for (let from = ''; ; ) {
    const page = await store.details(app, space, { limit: historyLimits.detailPage, ...(from === '' ? {} : { from }) });
    for (const { key } of page) add(hash, key);
    if (page.length < historyLimits.detailPage) return;
    from = behind(page.at(-1)?.key ?? '');
  }
}

/** Users who have, or had, something of the conversation, sorted. */
async function* usersOf({ store }: QueryDeps, { row }: HeldConversation): AsyncGenerator<string> {
  const { app, conversation } = row;
  if (conversation.startsWith('u:')) {
    yield* new Set(conversation.slice(2).split('|'));
    return;
  }
  for (let after = ''; ; ) {
    const page = await store.members(app, conversation, { limit: historyLimits.memberPage, ...(after === '' ? {} : { after }) });
    for (const { user } of page) yield user;
    const last = page.at(-1);
    if (last === undefined || page.length < historyLimits.memberPage) return;
    after = last.user;
  }
}

/** Parts are told apart by their length. */
function add(hash: Hash, part: string | Uint8Array): void {
  hash.update(`${part.length}:`);
  hash.update(part);
}
