import { decodeConversationEvent } from '@parley/wire';
import { userLimits } from '../limits.js';
import type { EraseDeps, Erasure } from './erase-user.js';

/**
 * Looks for words of the user that history still shows, such as those that somebody new of that id has said since, and
 * erases them. True once all of history is looked through.
 */
export async function eraseRemains({ history }: EraseDeps, { app, user, place, eraser, call, isTurnOver }: Erasure): Promise<boolean> {
  while (place.remainsPage !== undefined && !isTurnOver()) {
    const page = place.remainsPage;
    const answer = await history.listUserMessages({ app, user, page, limit: userLimits.exportMessages }, call);
    for (const bytes of answer.events) {
      const { conversation, seq, body } = decodeConversationEvent(bytes);
      // History may be a moment late: what is erased already is passed over.
      if (body?.type === 'content') await eraser.eraseUpTo(conversation, seq);
    }
    place.remainsPage = answer.nextPage === '' ? undefined : answer.nextPage;
  }
  return place.remainsPage === undefined;
}
