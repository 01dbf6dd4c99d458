import { targetsOf } from '@parley/fold';
import type { ConversationEvent } from '@parley/wire';
import { ownReactionKey } from '../rows/detail-keys.js';
import { isRoom } from '../view/kept-window.js';
import { isPair, pairOf } from './entry-context.js';
import { isAboutItself } from './project-message.js';
import type { StagedConversation } from './staged-conversation.js';

/**
 * Begins to read what projecting an event needs and memory does not have, so that a store far away is asked for a whole
 * batch at once and not event by event. A plain message of somebody who has written of late needs nothing.
 */
export function readAhead(staged: StagedConversation, event: ConversationEvent, reads: Promise<unknown>[]): void {
  const { conversation, seq, sender, body, options } = event;
  if (body?.type === 'content' && seq > 1 && isAboutItself(options)) {
    // Nearly all are such, so nothing is made for them.
    if (sender !== '' && !isRoom(conversation) && staged.knownState(sender) === undefined) reads.push(staged.state(sender));
    return;
  }
  if (!isRoom(conversation)) {
    for (const user of usersConcernedBy(event)) if (staged.knownState(user) === undefined) reads.push(staged.state(user));
  }
  for (const target of targetsOf(event)) reads.push(readTarget(staged, event, target));
}

const nobody: readonly string[] = [];

/** Users whose states the event changes. */
function usersConcernedBy({ conversation, seq, sender, body, options }: ConversationEvent): readonly string[] {
  switch (body?.type) {
    case 'content': {
      if (seq === 0) return nobody;
      if (seq === 1 && isPair(conversation)) return pairOf(conversation);
      const writers = sender === '' ? nobody : [sender];
      return options?.mentions === undefined ? writers : [...writers, ...options.mentions.users];
    }
    case 'cursor':
    case 'settings':
    case 'hidden':
      return [body.value.user];
    default:
      return nobody;
  }
}

async function readTarget(staged: StagedConversation, { sender, body }: ConversationEvent, seq: number): Promise<void> {
  const block = await staged.blockOf(seq);
  const own = body?.type === 'reaction' ? block.get(ownReactionKey(sender, seq, body.value.reaction)) : undefined;
  await Promise.all([block.message(seq), own]);
}
