import { emptyBytes, ProtobufReader } from '@parley/kernel';
import type { ConversationRow, EventRow, HistoryCheckpoint, LogPosition, MemberRow, MembershipSpan, SendRow } from '../history-store.js';
import type { UnreachedRow } from '../push-store.js';
import type { RowArena } from './row-arena.js';

/** First byte of every row. A new layout gets a new number, and the readers below learn both. */
const layout = 1;
/**
 * Of conversations. 2 has beside what layout 1 has who may speak, what newcomers may read and what is kept; 3 has
 * details, too.
 */
const conversationLayout = 3;
/** Events of former versions are bare protobuf, whose first byte is a tag: never below this. */
const firstTag = 8;

function open(bytes: Uint8Array, newest = layout): ProtobufReader {
  const [found = 0] = bytes;
  if (found < 1 || found > newest) throw new Error(`row of layout ${found}: written by a newer version of Parley`);
  const reader = new ProtobufReader(bytes);
  reader.pos = 1;
  return reader;
}

export function encodeConversation(arena: RowArena, row: ConversationRow): Uint8Array {
  arena.begin(conversationLayout);
  arena.uint(row.headSeq);
  arena.uint(row.countable);
  arena.uint(row.updatedMs);
  arena.uint(row.membershipVersion);
  arena.uint(row.closed ? 1 : 0);
  arena.bytes(row.speaking);
  arena.uint(row.historyAccess);
  arena.uint(row.keptFromSeq);
  arena.bytes(row.details);
  return arena.end();
}

export function decodeConversation(app: string, conversation: string, bytes: Uint8Array): ConversationRow {
  const reader = open(bytes, conversationLayout);
  const found = bytes[0] ?? 0;
  return {
    app,
    conversation,
    headSeq: reader.readUint64(),
    countable: reader.readUint64(),
    updatedMs: reader.readUint64(),
    membershipVersion: reader.readUint64(),
    closed: reader.readUint64() === 1,
    speaking: found < 2 ? emptyBytes : reader.readBytes(),
    historyAccess: found < 2 ? 0 : reader.readUint64(),
    keptFromSeq: found < 2 ? 0 : reader.readUint64(),
    details: found < 3 ? emptyBytes : reader.readBytes(),
  };
}

export function encodeEvent(arena: RowArena, row: EventRow): Uint8Array {
  arena.begin(layout);
  arena.uint(row.countable);
  arena.rest(row.event);
  return arena.end();
}

export function decodeEvent(key: Pick<EventRow, 'app' | 'conversation' | 'seq'>, bytes: Uint8Array): EventRow {
  const { app, conversation, seq } = key;
  const [found = firstTag] = bytes;
  if (found >= firstTag) return { app, conversation, seq, event: bytes, countable: 0 };
  const reader = open(bytes);
  const countable = reader.readUint64();
  return { app, conversation, seq, event: bytes.subarray(reader.pos), countable };
}

export function encodeMember(arena: RowArena, row: MemberRow): Uint8Array {
  arena.begin(layout);
  arena.uint(row.version);
  arena.uint(row.spans.length);
  for (const span of row.spans) {
    arena.uint(span.from);
    // 0 stands for an open span; a span that nothing belongs to may end at 0.
    arena.uint(span.to === undefined ? 0 : span.to + 1);
  }
  return arena.end();
}

export function decodeMember(key: Pick<MemberRow, 'app' | 'conversation' | 'user'>, bytes: Uint8Array): MemberRow {
  const reader = open(bytes);
  const version = reader.readUint64();
  const spans: MembershipSpan[] = [];
  for (let rest = reader.readUint64(); rest > 0; rest--) {
    const from = reader.readUint64();
    const end = reader.readUint64();
    spans.push(end === 0 ? { from } : { from, to: end - 1 });
  }
  return { app: key.app, conversation: key.conversation, user: key.user, version, spans };
}

export function encodeSend(arena: RowArena, row: SendRow): Uint8Array {
  arena.begin(layout);
  arena.uint(row.seq);
  arena.uint(row.timeMs);
  arena.uint(row.bodyHash);
  arena.text(row.messageId);
  return arena.end();
}

export function decodeSend(key: Pick<SendRow, 'app' | 'conversation' | 'sender' | 'clientMsgId'>, bytes: Uint8Array): SendRow {
  const reader = open(bytes);
  const seq = reader.readUint64();
  const timeMs = reader.readUint64();
  const bodyHash = reader.readUint64();
  return { ...key, seq, timeMs, bodyHash, messageId: reader.readString() };
}

export function encodePosition(arena: RowArena, position: LogPosition): Uint8Array {
  arena.begin(layout);
  writePosition(arena, position);
  return arena.end();
}

export const decodePosition = (bytes: Uint8Array): LogPosition => readPosition(open(bytes));

export function encodeCheckpoint(arena: RowArena, checkpoint: HistoryCheckpoint): Uint8Array {
  arena.begin(layout);
  writePosition(arena, checkpoint.position);
  writePosition(arena, checkpoint.tail);
  arena.uint(checkpoint.timeMs);
  return arena.end();
}

export function decodeCheckpoint(bytes: Uint8Array): HistoryCheckpoint {
  const reader = open(bytes);
  const position = readPosition(reader);
  const tail = readPosition(reader);
  return { position, tail, timeMs: reader.readUint64() };
}

export function encodeUnreached(arena: RowArena, row: UnreachedRow): Uint8Array {
  arena.begin(layout);
  arena.uint(row.seq);
  arena.uint(row.count);
  arena.uint(row.timeMs);
  return arena.end();
}

export function decodeUnreached(key: Pick<UnreachedRow, 'app' | 'user' | 'conversation'>, bytes: Uint8Array): UnreachedRow {
  const reader = open(bytes);
  return { ...key, seq: reader.readUint64(), count: reader.readUint64(), timeMs: reader.readUint64() };
}

/** The fence before the first claim is -1, hence the shift by one. */
function writePosition(arena: RowArena, position: LogPosition): void {
  arena.uint(position.offset);
  arena.uint(position.fence + 1);
  arena.uint(position.index);
}

function readPosition(reader: ProtobufReader): LogPosition {
  return { offset: reader.readUint64(), fence: reader.readUint64() - 1, index: reader.readUint64() };
}
