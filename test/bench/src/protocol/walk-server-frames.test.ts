import { describe, expect, it } from '@jest/globals';
import {
  decodeServerFrames,
  encodeContent,
  encodeConversationEvent,
  encodeServerFrames,
  Priority,
  type ServerFrameInit,
} from '@parley/wire';
import { messageIdOf, walkServerFrames } from './walk-server-frames.js';

const eventOf = (clientMsgId: string): ServerFrameInit => ({
  body: {
    type: 'event',
    value: encodeConversationEvent({
      conversation: 'u:ann|bob',
      seq: 70_000,
      messageId: '0192f0c4',
      sender: 'ann',
      timeMs: 1_790_000_000_000,
      priority: Priority.MEDIUM,
      clientMsgId,
      body: { type: 'content', value: encodeContent({ kind: { type: 'text', value: { text: 'b-0000000009'.repeat(20) } } }) },
    }),
  },
});

function walk(frames: readonly ServerFrameInit[]): readonly string[] {
  const found: string[] = [];
  const bytes = Buffer.concat([Buffer.from('junk'), encodeServerFrames({ frames }), Buffer.from('junk')]);
  walkServerFrames(bytes, 4, bytes.length - 4, {
    stored: (id) => found.push(`stored ${id}`),
    event: (index) => found.push(`event ${index}`),
    pong: () => found.push('pong'),
    other: (frame) => found.push(`other ${decodeServerFrames(frame).frames[0]?.body?.type}`),
  });
  return found;
}

describe('walking over server frames', () => {
  it('finds every frame of a message in its order', () => {
    const stored: ServerFrameInit = {
      id: 16_400,
      body: { type: 'stored', value: { seq: 300, messageId: 'm', timeMs: 1_790_000_000_000 } },
    };
    const frames: ServerFrameInit[] = [
      eventOf(messageIdOf(0)),
      stored,
      { id: 1, body: { type: 'pong', value: { serverTimeMs: 5 } } },
      eventOf(messageIdOf(1_234_567_890)),
      { id: 2, body: { type: 'error', value: { code: 1, name: 'RATE_LIMITED' } } },
    ];
    expect(walk(frames)).toEqual(['event 0', 'stored 16400', 'pong', 'event 1234567890', 'other error']);
  });

  it('tells events that are not of the generator apart', () => {
    expect(walk([eventOf('hello'), eventOf('')])).toEqual(['event -1', 'event -1']);
  });

  it('hands on what the server says of dropped messages, in a room and of the connection', () => {
    const counts = [{ priority: Priority.LOW, count: 7 }];
    const ofRoom = encodeConversationEvent({ conversation: 'r:hall', body: { type: 'messagesDropped', value: { counts } } });
    const ofConnection: ServerFrameInit = { body: { type: 'messagesDropped', value: { counts } } };
    expect(walk([{ body: { type: 'event', value: ofRoom } }, ofConnection])).toEqual(['other event', 'other messagesDropped']);
  });
});
