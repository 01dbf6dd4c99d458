import type {
  ConversationRow,
  DetailRow,
  EventRow,
  HistoryBatch,
  HistoryStore,
  LogPosition,
  MemberRow,
  SendRow,
} from '../history-store.js';

export const app = 'demo';
/** The partition that the rows of these tests claim to come from. */
export const partition = 3;

export const positionAt = (offset: number): LogPosition => ({ offset, fence: 7, index: offset });

/** The bytes of an event, different for every app, conversation and seq. */
export const eventBytes = (appId: string, conversation: string, seq: number): Uint8Array =>
  Uint8Array.from(new TextEncoder().encode(`${appId} ${conversation} ${seq}`));

export const eventRow = (conversation: string, seq: number, appId = app): EventRow => ({
  app: appId,
  conversation,
  seq,
  event: eventBytes(appId, conversation, seq),
  countable: seq,
});

export const conversationRow = (conversation: string, headSeq: number, more: Partial<ConversationRow> = {}): ConversationRow => ({
  app,
  conversation,
  headSeq,
  countable: headSeq,
  updatedMs: 1_700_000_000_000 + headSeq,
  membershipVersion: 0,
  closed: false,
  speaking: new Uint8Array(0),
  historyAccess: 0,
  keptFromSeq: 0,
  details: new Uint8Array(0),
  ...more,
});

export const memberRow = (conversation: string, user: string, more: Partial<MemberRow> = {}): MemberRow => ({
  app,
  conversation,
  user,
  version: 1,
  spans: [{ from: 1 }],
  ...more,
});

export const sendRow = (conversation: string, seq: number, more: Partial<SendRow> = {}): SendRow => ({
  app,
  conversation,
  sender: 'alice',
  clientMsgId: `c-${seq}`,
  seq,
  messageId: `m-${seq}`,
  timeMs: 0,
  bodyHash: 2 ** 52 + seq,
  ...more,
});

export const detailRow = (space: string, key: string, value = `${space} ${key}`): DetailRow => ({
  app,
  space,
  key,
  value: new TextEncoder().encode(value),
});

export const textOfDetail = ({ value }: DetailRow): string => Buffer.from(value).toString();

/** A batch whose newest record is at `offset`; what is not given is empty. */
export function batchAt(offset: number, rows: Partial<HistoryBatch> = {}): HistoryBatch {
  return {
    offset,
    events: [],
    conversations: [],
    emptied: [],
    members: [],
    sends: [],
    memberships: [],
    departures: [],
    details: [],
    checkpoint: { position: positionAt(offset + 1), tail: positionAt(Math.max(0, offset - 10)), timeMs: 1_700_000_000_000 + offset },
    ...rows,
  };
}

/** A batch with the events `from`..`to` of one conversation and its head. */
export function eventsBatch(offset: number, conversation: string, from: number, to: number, appId = app): HistoryBatch {
  const events = Array.from({ length: to - from + 1 }, (_, index) => eventRow(conversation, from + index, appId));
  return batchAt(offset, { events, conversations: [{ ...conversationRow(conversation, to), app: appId }] });
}

/** The seqs of a page; the bytes are checked on the way. */
export async function seqsOf(
  store: HistoryStore,
  conversation: string,
  range: { from: number; limit: number; backwards?: boolean },
  appId = app,
): Promise<readonly number[]> {
  const rows = await store.events(appId, conversation, { backwards: false, ...range });
  for (const row of rows) {
    const expected = eventBytes(appId, conversation, row.seq);
    if (row.app !== appId || row.conversation !== conversation || Buffer.compare(row.event, expected) !== 0) {
      throw new Error(`event ${row.seq} of ${appId} ${conversation} came back as ${Buffer.from(row.event).toString()}`);
    }
  }
  return rows.map((row) => row.seq);
}

/** The numbers from a to b, also downwards. */
export const count = (from: number, to: number): readonly number[] =>
  Array.from({ length: Math.abs(to - from) + 1 }, (_, index) => (from <= to ? from + index : from - index));
