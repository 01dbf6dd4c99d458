/** Told what a message of the server holds. Each frame is one call. */
export interface FrameSink {
  /** A message was stored: the answer to the frame with this id. */
  stored(frameId: number): void;
  /** A message arrived; its index as `readMessageIndex` reads it, -1 when it is none of ours. */
  event(messageIndex: number): void;
  pong(): void;
  /** Any other frame, and events that say what was dropped, as a ServerFrames message of its own; the bytes are a copy. */
  other(frame: Uint8Array): void;
}

/** What every client message id of the generator starts with; ten digits follow. */
const messageIdPrefix = 'b-';
const indexDigits = 10;
const idBytes = messageIdPrefix.length + indexDigits;

/** The client message id of a message. */
export const messageIdOf = (index: number): string => messageIdPrefix + String(index).padStart(indexDigits, '0');

/** protobuf.dev, "Encoding": field number << 3 | wire type (0 varint, 2 length-delimited). */
const tags = {
  frame: (1 << 3) | 2,
  frameId: 1 << 3,
  pong: (11 << 3) | 2,
  stored: (12 << 3) | 2,
  event: (40 << 3) | 2,
  clientMsgId: (7 << 3) | 2,
  messagesDropped: (15 << 3) | 2,
} as const;

/** Instead of an index: the event is no message but tells what was dropped. */
const tellsDrops = -2;

/** Position of the reader: functions below move it on instead of allocating a result per number. */
let pos = 0;

function readVarint(bytes: Uint8Array): number {
  let value = 0;
  let scale = 1;
  for (;;) {
    const byte = bytes[pos++] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 128;
  }
}

function skipValue(bytes: Uint8Array, tag: number): void {
  const wireType = tag & 7;
  if (wireType === 0 || wireType === 2) {
    const value = readVarint(bytes);
    if (wireType === 2) pos += value;
  }
  if (wireType === 1) pos += 8;
  if (wireType === 5) pos += 4;
}

/**
 * Walks over an encoded ServerFrames message and looks only at what a measurement needs: decoding every event
 * as a client would makes the generator the slower side.
 */
export function walkServerFrames(bytes: Uint8Array, start: number, end: number, sink: FrameSink): void {
  pos = start;
  while (pos < end) {
    const at = pos;
    const tag = readVarint(bytes);
    if (tag !== tags.frame) {
      skipValue(bytes, tag);
      continue;
    }
    const length = readVarint(bytes);
    const frameEnd = pos + length;
    walkFrame(bytes, at, frameEnd, sink);
    pos = frameEnd;
  }
}

function walkFrame(bytes: Uint8Array, at: number, end: number, sink: FrameSink): void {
  let id = 0;
  let body = 0;
  let bodyStart = end;
  while (pos < end) {
    const tag = readVarint(bytes);
    if (tag === tags.frameId) {
      id = readVarint(bytes);
    } else {
      body = tag;
      const length = readVarint(bytes);
      bodyStart = pos;
      pos += length;
    }
  }
  if (body === tags.event) {
    const index = readMessageIndex(bytes, bodyStart, end);
    if (index === tellsDrops) sink.other(new Uint8Array(bytes.subarray(at, end)));
    else sink.event(index);
  } else if (body === tags.stored) sink.stored(id);
  else if (body === tags.pong) sink.pong();
  else sink.other(new Uint8Array(bytes.subarray(at, end)));
}

/** The index in the client message id of an encoded ConversationEvent; see `tellsDrops`. */
function readMessageIndex(bytes: Uint8Array, start: number, end: number): number {
  pos = start;
  while (pos < end) {
    const tag = readVarint(bytes);
    if (tag === tags.messagesDropped) return tellsDrops;
    if (tag !== tags.clientMsgId) {
      skipValue(bytes, tag);
      continue;
    }
    if (readVarint(bytes) !== idBytes) return -1;
    let index = 0;
    for (let i = pos + messageIdPrefix.length; i < pos + idBytes; i++) index = index * 10 + ((bytes[i] ?? 48) - 48);
    return index;
  }
  return -1;
}
