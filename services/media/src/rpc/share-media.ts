import type { ShareMediaRequest, ShareMediaResponseInit } from '@parley/contracts/media';
import { ParleyError } from '@parley/kernel';
import { checkConversation } from '../check/fields.js';
import { mediaLimits } from '../limits.js';
import { type FileDeps, knownRecord } from './owned-record.js';

/** Makes a file one of a second conversation as well. */
export async function shareMedia({ store, serial, clock }: FileDeps, request: ShareMediaRequest): Promise<ShareMediaResponseInit> {
  const { fromConversation, toConversation } = request;
  checkConversation('from_conversation', fromConversation);
  checkConversation('to_conversation', toConversation);
  return serial.run(request.media, async () => {
    const record = await knownRecord(store, request);
    const { conversations, isComplete } = record;
    if (!isComplete || !conversations.includes(fromConversation)) throw new ParleyError('MEDIA_NOT_FOUND');
    if (conversations.includes(toConversation)) return {};
    if (conversations.length >= mediaLimits.conversationsMax) {
      throw new ParleyError('LIMIT_REACHED', `conversations of a file: at most ${mediaLimits.conversationsMax}`);
    }
    await store.putRecord({ ...record, conversations: [...conversations, toConversation], sharedMs: clock.now() });
    return {};
  });
}
