import type { ConversationEvent, Mentions, MessageState } from '@parley/wire';

/** Whom a message mentions, with its last edit that says so; of an edit, whom that mentions. Undefined: nobody. */
export function mentionsOf(event: ConversationEvent, state?: MessageState): Mentions | undefined {
  if (event.body?.type === 'edited') return event.body.value.isRemention ? event.body.value.mentions : undefined;
  return state?.isRemention === true ? state.mentions : event.options?.mentions;
}

/** Whether a message, or an edit, names this user, or everyone. Nobody mentions themselves. */
export function mentionsUser(event: ConversationEvent, user: string, state?: MessageState): boolean {
  const mentions = mentionsOf(event, state);
  if (mentions === undefined || event.sender === user) return false;
  return mentions.isEveryone || mentions.users.includes(user);
}
