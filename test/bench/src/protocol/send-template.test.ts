import { describe, expect, it } from '@jest/globals';
import { decodeClientFrames, decodeContent, Priority } from '@parley/wire';
import { frameIdOf, SendTemplate } from './send-template.js';
import { messageIdOf } from './walk-server-frames.js';

const template = new SendTemplate({ conversation: 'u:ann|bob', priority: Priority.HIGH, textBytes: 200 });

describe('a send template', () => {
  it('gives frames that decode as if they had been encoded one by one', () => {
    for (const n of [0, 127, 128, 70_000, 1_048_575, 1_048_576]) {
      const { frames } = decodeClientFrames(template.frame(frameIdOf(n), n));
      expect(frames).toHaveLength(1);
      const [frame] = frames;
      expect(frame?.id).toBe(16_384 + (n % 1_048_576));
      if (frame?.body?.type !== 'send') throw new Error('expected a send');
      const { conversation, clientMsgId, priority, content } = frame.body.value;
      expect({ conversation, clientMsgId, priority }).toEqual({
        conversation: 'u:ann|bob',
        clientMsgId: messageIdOf(n),
        priority: Priority.HIGH,
      });
      const { kind } = decodeContent(content);
      if (kind?.type !== 'text') throw new Error('expected a text');
      expect(kind.value.text).toHaveLength(200);
      expect(kind.value.text).toContain(String(n).padStart(10, '0'));
    }
  });

  it('may be a bullet, which is patched like a text', () => {
    const template = new SendTemplate({ conversation: 'r:hall', priority: Priority.LOW, isBullet: true, textBytes: 32 });
    const [frame] = decodeClientFrames(template.frame(frameIdOf(3), 77)).frames;
    if (frame?.body?.type !== 'send') throw new Error('expected a send');
    const { kind } = decodeContent(frame.body.value.content);
    if (kind?.type !== 'bullet') throw new Error('expected a bullet');
    expect(kind.value.text).toContain('0000000077');
  });
});
