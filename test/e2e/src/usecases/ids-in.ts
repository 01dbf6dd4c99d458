import { expect } from '@jest/globals';
import type { BackEnd } from '../world/back-end.js';

/** Ids that clients gave to what is stored of a conversation, densely, once everything is that has been accepted so far. */
export async function idsIn(backEnd: BackEnd, conversation: string): Promise<readonly string[]> {
  const end = await backEnd.say(conversation, 'the end');
  const events = await backEnd.history(conversation, end);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  return events.filter(({ seq, clientMsgId }) => seq !== end && clientMsgId !== '').map(({ clientMsgId }) => clientMsgId);
}
