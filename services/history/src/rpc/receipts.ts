import type { GetReceiptsRequest, GetReceiptsResponseInit, ListReadersRequest, ListReadersResponseInit } from '@parley/contracts/history';
import { limits, ParleyError } from '@parley/kernel';
import type { EventRow } from '@parley/store';
import { decodeConversationEvent, type ReaderInit } from '@parley/wire';
import { readMsOf } from '../rows/member-state.js';
import { type Reader, type Readers, readersOf } from '../view/members.js';
import { readSeqs } from '../view/read-page.js';
import { checkFields, checkLimit, checkSeqs } from './fields.js';
import { type QueryDeps, type Seen, seenBy } from './query-deps.js';

/** What the app tells of readers; back ends learn all. */
interface Told {
  readonly reading: boolean;
  readonly delivery: boolean;
}

function toldTo({ rules }: QueryDeps, app: string, viewer: string): Told {
  const { tellsReading, tellsDelivery } = rules.rulesOf(app);
  return viewer === '' ? { reading: true, delivery: true } : { reading: tellsReading, delivery: tellsDelivery };
}

/**
 * How many have read messages; nothing for those that the viewer may not see, for who has left, and in conversations
 * without read lists.
 */
export async function getReceipts(deps: QueryDeps, request: GetReceiptsRequest): Promise<GetReceiptsResponseInit> {
  const { app, seqs, viewer } = request;
  checkFields(request);
  checkSeqs(seqs, limits.historyPageMax);
  const { held, entitlement } = await seenBy(deps, request);
  const readers = hasLeft({ held, entitlement }) ? undefined : await readersOf(deps.store, held);
  if (readers === undefined) return { receipts: [] };
  const told = toldTo(deps, app, viewer);
  const rows = await readSeqs(deps, held, { entitlement, seqs });
  const receipts = rows.map((row) => {
    const others = othersThan(readers, row);
    const count = (isMet: (user: string) => boolean): number => others.filter(isMet).length;
    return {
      seq: row.seq,
      readCount: told.reading ? count((user) => (readers.cursors.get(user)?.readSeq ?? 0) >= row.seq) : 0,
      deliveredCount: told.delivery ? count((user) => (readers.cursors.get(user)?.deliveredSeq ?? 0) >= row.seq) : 0,
      memberCount: others.length,
    };
  });
  return { receipts };
}

/** Who has read a message, or who has not, by user id. Throws PERMISSION_DENIED for others than its sender. */
export async function listReaders(deps: QueryDeps, request: ListReadersRequest): Promise<ListReadersResponseInit> {
  const { app, seq, viewer, isUnread, page } = request;
  checkFields(request);
  const limit = checkLimit(request.limit, { byDefault: limits.memberPageMax, max: limits.memberPageMax });
  const { held, entitlement } = await seenBy(deps, request);
  const [row] = await readSeqs(deps, held, { entitlement, seqs: [seq] });
  if (row === undefined) throw new ParleyError('MESSAGE_NOT_FOUND');
  if (hasLeft({ held, entitlement })) throw new ParleyError('PERMISSION_DENIED', 'readers are told to members');
  if (viewer !== '' && senderOf(row) !== viewer) throw new ParleyError('PERMISSION_DENIED', 'readers are told to the sender');
  const readers = await readersOf(deps.store, held);
  if (readers === undefined) throw new ParleyError('LIMIT_REACHED', `read lists: groups of up to ${limits.receiptMembersMax} members`);
  const told = toldTo(deps, app, viewer);
  const listed: ReaderInit[] = [];
  for (const user of othersThan(readers, row)) {
    const cursor = readers.cursors.get(user);
    const isRead = told.reading && (cursor?.readSeq ?? 0) >= seq;
    if (user <= page || isRead === isUnread) continue;
    const isDelivered = told.delivery && (cursor?.deliveredSeq ?? 0) >= seq;
    listed.push({ user, readMs: isRead && cursor !== undefined ? readMsOf(cursor, seq) : 0, isDelivered });
  }
  const readersPage = listed.slice(0, limit);
  return { readers: readersPage, nextPage: listed.length > limit ? (readersPage.at(-1)?.user ?? '') : '' };
}

/** Who has left learns nothing of what others do from then on; of a group that has ended everybody may still ask. */
const hasLeft = ({ held, entitlement }: Seen): boolean => !entitlement.isMember && !held.row.closed;

const senderOf = ({ event }: EventRow): string => decodeConversationEvent(event).sender;

/** Members besides the sender, less those who came later and do not see the message: their cursors pass it all the same. */
function othersThan({ members }: Readers, row: EventRow): readonly string[] {
  const sender = senderOf(row);
  const wasThere = ({ spans }: Reader): boolean => spans.some(({ from, to = row.seq }) => from <= row.seq && row.seq <= to);
  return members.filter((member) => member.user !== sender && wasThere(member)).map(({ user }) => user);
}
