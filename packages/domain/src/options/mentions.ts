import { isUserId, limits, type Refusal, refusal } from '@parley/kernel';
import type { Mentions } from '@parley/wire';

/** What is wrong with a list of mentions. */
export function refusalOfMentions(field: string, mentions: Mentions | undefined): Refusal | undefined {
  const { mentionsMax } = limits;
  const users = mentions?.users ?? [];
  if (users.length > mentionsMax) return refusal('INVALID_ARGUMENT', `${field}.users: at most ${mentionsMax}`);
  return users.every(isUserId) ? undefined : refusal('INVALID_ARGUMENT', `${field}.users: user ids`);
}
